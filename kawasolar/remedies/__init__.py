"""What would make a facility eligible that is not: works by a table, the cheapest set of them, and what has to be found out."""
