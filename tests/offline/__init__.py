"""Tests of apps.offline."""
