"""Other ledgers of the open plan: taken in, renewed, and which facilities their names mean."""
