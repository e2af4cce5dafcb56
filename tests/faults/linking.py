"""``python -m tests.faults.linking HOME URL POINT [register]``: links, or brings the register in step with it.

Dies by SIGKILL before the ``POINT``-th step.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.killing import die_before
from tests.integration.station import Clock, settings_of

from marsad.intake.office import Office
from marsad.linkage import linker
from marsad.register.refresh import refresh

if __name__ == "__main__":
    home, url, point, *register = sys.argv[1:]
    office = Office.open(settings_of(Path(home), url), Clock())
    die_before(office.engine, int(point))
    (refresh if register else linker.link)(office)
