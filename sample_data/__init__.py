"""The synthetic sample town (合成データ); ``python -m sample_data.generator`` makes it again."""
