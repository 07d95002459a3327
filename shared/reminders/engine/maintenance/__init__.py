"""What a tick does besides planning and delivering. Each task does one transaction at a time and says whether there is
more.

rescue   runs of workers that died are taken over; runs that nobody will send are ended
misdated runs that wait for a time which the clock named while it was ahead are brought back
drain    reminders are completed that a flag has stopped, due or not
replan   instants are worked out again after the zones or a calendar have changed
retain   old runs are removed, and reminders that ended long ago
listing  what SQL has written is entered where lists look
"""
