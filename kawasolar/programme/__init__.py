"""The half over the fiscal years: which site is built when, under budgets, capacity, wards, shelters and roofs; proven, and with its reasons.

``sites`` and ``rules`` are what comes in, ``model`` makes whole-number rows of them, ``highs`` is the door to the solver, ``solving`` the search,
``result`` the programme as frames, ``conflicts`` and ``easing`` tell what cannot hold together and the least that would do, ``reasons`` why each site is
where it is, ``frontier`` what more money buys, ``of_plan`` takes a plan's sites, ``rules_file`` the rules as TOML, ``words`` all of it in sentences.
"""
