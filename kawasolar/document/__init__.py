"""What people enter into a project: plain tables, edits with inverses, the way back, and what is kept of it while they work."""
