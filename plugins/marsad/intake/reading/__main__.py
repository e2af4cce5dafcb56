"""``python -m marsad.intake.reading SOCKET``: reads files for whoever connects there (docker-compose)."""

import sys
from pathlib import Path

from marsad.intake.reading.worker import listen

if __name__ == "__main__":
    listen(Path(sys.argv[1]))
