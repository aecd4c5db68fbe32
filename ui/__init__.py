"""The window. Asks kawasolar; computes nothing itself."""
