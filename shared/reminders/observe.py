"""The log, in the form that CloudWatch reads. Never the content or the address of a notification."""

from aws_lambda_powertools import Logger

logger = Logger(service="reminders")
