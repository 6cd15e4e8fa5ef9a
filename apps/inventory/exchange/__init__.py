"""Inventories out of other sites' files, and into them: formats, reading, matching, the import as a job, the export."""
