"""What PyInstaller freezes: nothing but the entry."""

from __future__ import annotations

import multiprocessing
import sys

from kawasolar.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
