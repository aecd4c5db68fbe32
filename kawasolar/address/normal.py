"""Japanese addresses brought into one form: the town, and the numbers after it.

``神奈川県川崎市川崎区駅前本町１１番地１``, ``川崎区駅前本町11-1`` and ``駅前本町十一番地の一`` have the same numbers (11, 1) and end in the same town;
``中央一丁目2番3号`` and ``中央1-2-3`` are both (1, 2, 3) of 中央.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kawasolar.ledger.vocabulary import plain

# Characters of an address that are looked at; what is longer is a remark.
_LONGEST = 200
_PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県",
    "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県",
    "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip
_POSTAL = re.compile(r"〒?\s*\d{3}-\d{4}\s*|〒")
# Dashes of all kinds, the long-vowel mark among them, mean the same between numbers.
_DASH = re.compile(r"(?<=\d)\s*[‐‑‒–—―−ー－ｰ~〜～]\s*(?=\d)")
# 三番町 and 二番丁 are names.
_KANJI = re.compile(
    r"[〇一二三四五六七八九十百千]+(?=丁目|番地|番(?![町丁館組])|号(?![館室棟]))|(?<=番地の)[〇一二三四五六七八九十百千]+"
)
# 北1条西2丁目: the 条 belongs to the name.
_STREET = re.compile(r"\d+(?=条)")
_NUMBERS = re.compile(r"\d+(?:\s*(?:丁目|番地の?|番の?|号の|[のノ-])\s*\d+)*")
_BLANK = re.compile(r"\s+")
_SIGNS = "〇一二三四五六七八九"
_DIGITS = {sign: value for value, sign in enumerate(_SIGNS)}
_TENS = {"十": 10, "百": 100, "千": 1000}
# Signs that stand for one another in names of towns.
_ALIKE = str.maketrans({
    "ヶ": "ケ", "ヵ": "カ", "の": "ノ", "之": "ノ", "渕": "淵", "澤": "沢", "濱": "浜", "邊": "辺", "邉": "辺", "龍": "竜", "櫻": "桜", "冨": "富", "廣": "広",
    "國": "国", "條": "条", "嶋": "島", "﨑": "崎", "齋": "斎", "齊": "斎", "藏": "蔵", "瀧": "滝", "髙": "高", "槇": "槙", "鹽": "塩", "舊": "旧",
})  # fmt: skip


@dataclass(frozen=True)
class Address:
    """The words before the first number, without the prefecture; and the numbers, largest unit first."""

    words: str
    numbers: tuple[str, ...]


def kanji_number(text: str) -> int:
    """``十一`` and ``一一`` are 11."""
    if not any(sign in _TENS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    total, digit = 0, 0
    for sign in text:
        if sign in _TENS:
            total += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


@lru_cache(maxsize=1 << 16)
def parse_address(text: str) -> Address:
    """Words and numbers of an address; both may be empty."""
    whole = plain(text[:_LONGEST].split("\n", 1)[0])
    whole = _POSTAL.sub("", whole, count=1)
    whole = _KANJI.sub(lambda match: str(kanji_number(match.group())), whole)
    whole = _DASH.sub("-", _STREET.sub(lambda match: "".join(_SIGNS[int(digit)] for digit in match.group()), whole))
    found = _NUMBERS.search(whole)
    words = whole if found is None else whole[: found.start()]
    numbers = () if found is None else tuple(str(int(part)) for part in re.findall(r"\d+", found.group()))
    return Address(town_key(words), numbers)


_PLAIN = re.compile(r"[0-9]{1,9}(?:-[0-9]{1,9})*")


def numbers_of(text: str) -> tuple[str, ...]:
    """The numbers of a block or a parcel by itself."""
    if _PLAIN.fullmatch(text):
        return tuple(str(int(part)) for part in text.split("-"))
    # A name before it, that a 番 at the beginning is no town.
    return parse_address(f"x{text}").numbers


def town_key(words: str) -> str:
    """What names of towns are compared as: no blanks, no 大字 and 字, no prefecture, signs that stand for one another as one."""
    key = _BLANK.sub("", plain(words)).translate(_ALIKE).casefold()
    for name in _PREFECTURES:
        # 大阪府大阪市 loses its prefecture, 岩手県 alone does not.
        if key.startswith(name) and len(key) > len(name):
            key = key[len(name) :]
            break
    return key.replace("大字", "").replace("字", "")
