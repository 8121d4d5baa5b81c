"""Seeded simulation: faults that a disk can have, on a schedule that a seed decides."""
