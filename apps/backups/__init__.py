"""Backups of what members entrust to the site: copies of media, and drills that restore the database and prove it."""
