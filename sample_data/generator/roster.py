"""The public facilities of the town, one a line: what they are, how they are built, and what the ledger says.

All names are invented. Columns: name | kana | kind | shape of the site | site area [m²] | storeys | structure | built |
state | where. ``state`` says how the ledger line is to turn out: ``ok``, or what is wrong or unknown with it.
"""

from __future__ import annotations

from typing import NamedTuple

_LINES = """
若葉台小学校|ワカバダイショウガッコウ|小学校|school|13500|4|RC|1978|ok|flat
みどり橋小学校|ミドリバシショウガッコウ|小学校|school|12500|4|RC|1974|ok|flat
川辺小学校|カワベショウガッコウ|小学校|school|13000|3|RC|1985|ok|river
桜の森小学校|サクラノモリショウガッコウ|小学校|school|12000|4|RC|1982|ok|flat
丘の上小学校|オカノウエショウガッコウ|小学校|school|12000|3|RC|1976|waterproof_old|hill
南風小学校|ミナミカゼショウガッコウ|小学校|school|12000|3|RC|1969|short_life|flat
こがね小学校|コガネショウガッコウ|小学校|school|12000|4|RC|2006|ok|flat
みほん第一中学校|ミホンダイイチチュウガッコウ|中学校|school|15000|4|RC|1980|ok|flat
みほん第二中学校|ミホンダイニチュウガッコウ|中学校|school|14500|4|RC|1984|ok|river
あかね中学校|アカネチュウガッコウ|中学校|school|14000|4|RC|1971|closure|flat
けやき坂中学校|ケヤキザカチュウガッコウ|中学校|school|14500|3|RC|1987|ok|flat
見本市立総合高等学校|ミホンシリツソウゴウコウトウガッコウ|高等学校|school|16500|4|RC|1994|ok|flat
つくし特別支援学校|ツクシトクベツシエンガッコウ|特別支援学校|school|11500|3|RC|2009|ok|flat
ためし区役所|タメシクヤクショ|庁舎|office|3600|6|SRC|1992|ok|station
みほん区役所出張所|ミホンクヤクショシュッチョウジョ|庁舎|block|1500|3|RC|1983|ok|west
かりの区役所出張所|カリノクヤクショシュッチョウジョ|庁舎|block|1400|3|RC|1973|seismic|east
ためし保健福祉センター|タメシホケンフクシセンター|庁舎|block|1700|4|RC|1998|ok|station
道路公園センター|ドウロコウエンセンター|庁舎|block|1900|2|S|1990|ok|east
みどり橋図書館|ミドリバシトショカン|図書館|block|1700|3|RC|1995|ok|tower_a
丘の上図書館分館|オカノウエトショカンブンカン|図書館|block|1100|2|RC|1986|unknown_waterproof|hill
かりの図書館|カリノトショカン|図書館|block|1500|2|RC|2011|ok|east
ひなた保育園|ヒナタホイクエン|保育所|block|1100|2|RC|1979|ok|flat
こぐま保育園|コグマホイクエン|保育所|block|1000|2|RC|1977|unknown_seismic|flat
たんぽぽ保育園|タンポポホイクエン|保育所|block|1000|1|RC|1972|closure|west
どんぐり保育園|ドングリホイクエン|保育所|gable|1000|1|W|2003|ok|trees
つばめ保育園|ツバメホイクエン|保育所|block|1050|2|RC|1988|ok|foot
すみれ保育園|スミレホイクエン|保育所|block|1000|2|S|2001|waterproof_old|east
ことり保育園|コトリホイクエン|保育所|hip|900|1|W|2012|ok|hill
あおぞら保育園|アオゾラホイクエン|保育所|block|1100|2|RC|1981|ok|flat
うさぎ保育園|ウサギホイクエン|保育所|block|900|2|RC|1970|seismic|flat
ほしぞら保育園|ホシゾラホイクエン|保育所|metal|1000|2|S|2015|ok|flat
めだか保育園|メダカホイクエン|保育所|gable|950|1|W|1998|ok|river
ゆりのき保育園|ユリノキホイクエン|保育所|block|1000|2|RC|1984|unknown_life|west
さくらんぼ保育園|サクランボホイクエン|保育所|hip|850|1|W|2008|ok|east
見本消防署|ミホンショウボウショ|消防署|block|1900|4|RC|1996|ok|station
見本消防署丘の上出張所|ミホンショウボウショオカノウエシュッチョウジョ|消防署|block|900|2|RC|1989|ok|hill
見本消防署川辺出張所|ミホンショウボウショカワベシュッチョウジョ|消防署|block|900|3|RC|2002|ok|river
見本消防署東出張所|ミホンショウボウショヒガシシュッチョウジョ|消防署|metal|900|2|S|1991|unknown_seismic|east
消防団第一分団器具置場|ショウボウダンダイイチブンダンキグオキバ|消防団器具置場|gable|230|1|S|1999|small|west
消防団第二分団器具置場|ショウボウダンダイニブンダンキグオキバ|消防団器具置場|gable|230|1|W|1985|small|hill
消防団第三分団器具置場|ショウボウダンダイサンブンダンキグオキバ|消防団器具置場|block|230|1|RC|2005|small|flat
みほん市民館|ミホンシミンカン|市民館|office|2900|4|SRC|1987|ok|tower_b
川辺市民館分館|カワベシミンカンブンカン|市民館|block|1300|2|RC|1979|waterproof_old|river
若葉台町内会館|ワカバダイチョウナイカイカン|コミュニティ施設|gable|520|1|W|1983|seismic|flat
みどり橋コミュニティハウス|ミドリバシコミュニティハウス|コミュニティ施設|hip|800|2|W|2004|ok|flat
こがねコミュニティセンター|コガネコミュニティセンター|コミュニティ施設|block|1100|2|RC|1993|waterproof_old|west
南風こども文化センター|ミナミカゼコドモブンカセンター|こども文化センター|block|850|2|RC|1982|ok|foot
桜の森こども文化センター|サクラノモリコドモブンカセンター|こども文化センター|block|850|2|RC|1980|unknown_waterproof|flat
けやき坂こども文化センター|ケヤキザカコドモブンカセンター|こども文化センター|block|800|1|CB|1968|short_life|foot
あかねこども文化センター|アカネコドモブンカセンター|こども文化センター|metal|850|1|S|1997|ok|east
川辺こども文化センター|カワベコドモブンカセンター|こども文化センター|block|850|2|RC|1990|unknown_waterproof|river
東部地区会館|トウブチクカイカン|コミュニティ施設|gable|700|1|W|1990|unknown_closure|east
丘の上集会所|オカノウエシュウカイジョ|コミュニティ施設|gable|270|1|W|1994|small|hill
国際交流プラザ|コクサイコウリュウプラザ|市民館|block|1500|3|RC|2000|waterproof_old|station
男女共同参画センター|ダンジョキョウドウサンカクセンター|市民館|block|1500|4|RC|1986|unknown_waterproof|station
みほん老人いこいの家|ミホンロウジンイコイノイエ|老人福祉施設|hip|800|1|W|1996|ok|west
若葉台老人いこいの家|ワカバダイロウジンイコイノイエ|老人福祉施設|gable|750|1|W|1976|seismic|flat
けやき坂老人いこいの家|ケヤキザカロウジンイコイノイエ|老人福祉施設|block|750|1|RC|1984|ok|trees
川辺老人福祉センター|カワベロウジンフクシセンター|老人福祉施設|block|1500|3|RC|1983|unknown_waterproof|river
地域包括支援センターつどい|チイキホウカツシエンセンターツドイ|老人福祉施設|block|900|2|RC|2010|ok|flat
障害者通所支援施設あゆみ|ショウガイシャツウショシエンシセツアユミ|障害福祉施設|metal|1200|2|S|2007|ok|east
児童相談所|ジドウソウダンショ|児童福祉施設|block|1500|3|RC|2014|ok|flat
母子支援ホームひだまり|ボシシエンホームヒダマリ|児童福祉施設|block|1000|3|RC|1975|short_life|foot
見本スポーツセンター|ミホンスポーツセンター|スポーツ施設|sports|5600|2|SRC|1999|ok|flat
見本市民プール|ミホンシミンプール|スポーツ施設|vault|3000|2|RC|1991|unknown_roof|east
市営若葉台住宅|シエイワカバダイジュウタク|市営住宅|housing|9000|5|RC|1977|unknown_seismic|flat
市営川辺住宅|シエイカワベジュウタク|市営住宅|housing|8000|5|RC|1981|seismic|river
市営こがね住宅|シエイコガネジュウタク|市営住宅|housing|7500|5|RC|1966|closure|west
市営丘の上住宅|シエイオカノウエジュウタク|市営住宅|slab|2400|4|RC|1974|seismic|hill
市営東住宅|シエイヒガシジュウタク|市営住宅|slab|2600|7|SRC|2002|ok|east
中央公園管理事務所|チュウオウコウエンカンリジムショ|公園施設|block|600|1|RC|1989|shaded|trees
川辺緑地管理棟|カワベリョクチカンリトウ|公園施設|gable|280|1|W|2013|small|river
見本生活環境事業所|ミホンセイカツカンキョウジギョウショ|車両基地|depot_saw|9500|2|S|1994|ok|industry
見本バス営業所|ミホンバスエイギョウショ|車両基地|depot|8500|2|S|1988|closure|industry
見本清掃工場|ミホンセイソウコウジョウ|清掃工場|waste|16000|5|SRC|2004|ok|industry
見本浄水場|ミホンジョウスイジョウ|水道施設|water|14000|2|RC|1972|ok|industry
丘の上配水所|オカノウエハイスイジョ|水道施設|reservoir|5200|1|RC|1979|seismic|hill
川辺ポンプ場|カワベポンプジョウ|下水道施設|block|1700|2|RC|1985|unknown_seismic|river
見本駅北自転車等駐車場|ミホンエキキタジテンシャトウチュウシャジョウ|駐車場|metal|1100|2|S|2003|ok|station
防災備蓄倉庫東|ボウサイビチクソウコヒガシ|防災施設|metal|600|1|S|2016|unknown_closure|east
"""


class Entry(NamedTuple):
    """One public facility as planned."""

    name: str
    kana: str
    kind: str
    shape: str
    area: float
    storeys: int
    structure: str
    built: int
    state: str
    where: str


def roster() -> list[Entry]:
    """The facilities in the order of the ledger."""
    found = []
    for line in _LINES.strip().splitlines():
        name, kana, kind, shape, area, storeys, structure, built, state, where = line.split("|")
        found.append(Entry(name, kana, kind, shape, float(area), int(storeys), structure, int(built), state, where))
    return found
