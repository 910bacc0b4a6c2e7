class Refused(ValueError):
    """Why a file is not taken: a sentence for people, and a code for programs."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code
