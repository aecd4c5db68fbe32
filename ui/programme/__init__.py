"""The half over the fiscal years: rules, who is built when, and why."""
