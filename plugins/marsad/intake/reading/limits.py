"""Limits of what the reader takes, each with its reason. One place, so that messages, code and tests agree."""

MAX_COLUMNS = 5_000
"""Wider than any form; a file of 100,000 columns is a mistake or an attack and would cost one Arrow array a column."""

MAX_RECORD_BYTES = 16 << 20
"""One line, or one record with line breaks inside quotes. Bounds the memory that a line without an end can take."""

SEGMENT_BYTES = 8 << 20
"""How much text is parsed at once: large enough that Arrow's fixed costs vanish, small enough to stay in memory."""

BLOCK_BYTES = 24 << 20
"""A block is handed on at this size even if it has fewer than ``BLOCK_ROWS`` rows (a block stays below 32 MB)."""

HEAD_BYTES = 1 << 20
"""What is looked at to find encoding, header and usual width."""

DIALECT_BYTES = 64 << 10
"""What the dialect is guessed from: CleverCSV's cost grows faster than its input (its issue 15)."""

HEADER_ROWS = 50
"""Banner lines above a header are few; further down it would be data."""

SAMPLE_ROWS = 200
"""Rows that vote on the usual width of a table."""

FOOTER_ROWS = 30
"""Notes below a table are few; a longer run of single cells is data."""

MAX_UNZIPPED_BYTES = 1 << 30
"""All parts of a workbook together; a sheet of 1,048,576 rows of 25 columns needs less."""

MAX_ZIP_RATIO = 250
"""Unpacked to packed size; workbooks of real tables stay below 100, bombs start above 1,000."""

RATIO_FREE_BYTES = 20 << 20
"""Below this unpacked size the ratio does not matter: small sheets of blanks compress very well."""

MAX_ZIP_ENTRIES = 10_000
"""Parts of one workbook."""

MAX_CELLS = 60_000_000
"""Used area of one sheet; a sheet that claims more is empty space by mistake, or an attack."""

MAX_REPEATED_CELLS = 1_000_000
"""Cells that an ODS repeats instead of writing them; records are hardly ever alike, and reading them takes as long."""

READER_BYTES = 3 << 30
"""Memory that the process reading one file may take on top of its start: a sheet of ``MAX_CELLS`` fits."""

READER_SECONDS = 15
"""Processor time for any file: a hundred times what a form of 10,000 rows takes."""

READER_SECONDS_A_MB = 2
"""And so much more for each megabyte as sent; text takes 0.02, a well packed workbook 0.5."""

READER_SILENCE = 600
"""Seconds without a sign after which the process that reads is given up."""
