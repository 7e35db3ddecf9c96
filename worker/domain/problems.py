"""What is wrong in a file that people write, said so that they can mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """An error must be mended before anything is sent; a notice is worth knowing."""

    ERROR = "error"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Problem:
    """file: as an operator would name it, config/campaigns/x.toml. key: the entry in it, empty for the whole file.

    wrong and remedy are whole sentences.
    """

    file: str
    key: str
    wrong: str
    remedy: str
    weight: Weight = Weight.ERROR

    def __str__(self) -> str:
        where = f"{self.file}, {self.key}" if self.key else self.file
        return f"{where} : {self.wrong} {self.remedy}".rstrip()
