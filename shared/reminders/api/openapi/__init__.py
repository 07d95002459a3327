"""The OpenAPI document and the page that shows it (`document`).

glossary       what each field means, with an example
responses      how the answers of an operation are worded
combinations   which fields of a body go together
examples       bodies to try
"""
