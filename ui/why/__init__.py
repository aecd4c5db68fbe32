"""Why a number is what it is: a pane over the inspector, down to the file, the row and the person."""
