"""Errors of the outside world: a store or mail server out of reach; their text is one clear line."""


class StoreUnavailable(RuntimeError):  # noqa: N818 - names the state, as the commands report it
    """A database or search server that does not answer. What was to be written stays pending."""


class StoreRefusedError(RuntimeError):
    """A server that answers no: an index that is not there, a mapping that cannot be changed in place."""


class MailUnavailable(RuntimeError):  # noqa: N818 - as above
    """A mail that was not accepted. The alert stays unsent and is sent by the next run."""


class MailRefusedError(MailUnavailable):
    """A mail that the server will never take as it is, such as one to an address that is none."""
