"""Commands of scans."""
