"""Measurements. Each bench_*.py has `run()`, which prints its table and returns its figures.

A figure named `ratio` compares with a baseline of the same run, so that it means the same on any machine.
"""
