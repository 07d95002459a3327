"""Messages: texts whose placeholders are filled, once a run. Pure.

render   what a placeholder may name, and the filled texts; weight: how much memory they take
"""
