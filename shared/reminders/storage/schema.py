"""Which schema this code needs."""

NEEDED = "0007"  # the newest migration; a newer one than this does no harm, since migrations only expand
