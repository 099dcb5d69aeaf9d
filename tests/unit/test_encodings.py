"""The encoding of a text is told from its bytes; many languages, a line or two each."""

from __future__ import annotations

import pytest

from assay.hosts.duckdb.encodings import likely_encoding, wide_encoding

CODECS = {"MACINTOSH": "mac_roman"}
"""Encodings that Python calls otherwise than `iconv` does."""

TEXTS = (
    ("cp1252", "1;Sehr schön – aber zu teuer\n2;„Nie wieder“\n"),
    ("cp1252", "José,Málaga\nFrançois,Orléans\n"),
    ("cp1252", "1,It’s great\n"),
    ("cp1252", "1,5 €\n"),
    ("cp1252", "1,20 °C\n"),
    ("cp1252", "ÉCOLE ÉLÉMENTAIRE\n"),
    ("cp1252", "È vero, perché no?\n"),
    ("latin-1", "1,ça coûte très cher à Besançon\n"),
    ("cp1250", "1,Příliš žluťoučký kůň úpěl ďábelské ódy\n"),
    ("cp1250", "1,Zażółć gęślą jaźń, dziękuję bardzo\n"),
    ("iso8859_2", "1,Zażółć gęślą jaźń, dziękuję bardzo\n"),
    ("cp1254", "1,Çok güzel ama pahalı, teşekkür ederim\n"),
    ("cp1257", "1,Labai gražu, ačiū, žiūrėsiu\n"),
    ("mac_roman", "1,Sehr schön, größer als gedacht\n"),
    ("cp850", "1,Sehr schön, größer als gedacht\n"),
    ("cp1251", "1,Очень хорошо, но дорого\n2,Никогда больше\n"),
    ("cp1251", "1,ОПЛАТА ЗАКАЗА\n"),
    ("cp1251", "1,iPhone пришёл\n"),
    ("koi8-r", "1,Очень хорошо, но дорого\n"),
    ("cp866", "1,Очень хорошо, но дорого\n"),
    ("cp1253", "1,Πολύ καλό αλλά ακριβό\n"),
    ("cp1255", "1,טוב מאוד אבל יקר\n"),
    ("cp1256", "1,جيد جدا لكنه غال\n"),
    ("cp874", "1,ดีมากแต่แพง\n"),
    ("shift_jis", "1,とても良いですが高いです\n2,二度と買わない\n"),
    ("shift_jis", "東京都,大阪府\n"),
    ("euc_jp", "1,とても良いですが高いです\n2,二度と買わない\n"),
    ("euc_kr", "1,아주 좋지만 너무 비싸요\n2,다시는 안 사요\n"),
    ("gb18030", "1,非常好但是太贵了\n2,再也不买了\n"),
    ("big5", "1,非常好但是太貴了\n2,再也不買了\n"),
)


@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_a_text_can_be_read_in_the_encoding_that_is_guessed(codec: str, text: str) -> None:
    """What counts is the text that comes out, not the name: encodings overlap."""
    data = text.encode(codec)
    assert wide_encoding(data) is None
    guess = likely_encoding(data)
    assert guess is not None
    assert data.decode(CODECS.get(guess[0], guess[0])) == text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("id,text\n1,schön\n".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + "id,text\n".encode("utf-16-be"), "UTF-16"),
        ("id,text\n1,schön\n".encode("utf-16-le"), "UTF-16LE"),
        ("id,text\n1,schön\n".encode("utf-16-be"), "UTF-16BE"),
        ("id,text\n".encode("utf-32"), "UTF-32"),
        ("番号,本文\n1,とても良いです\n".encode("utf-16-le"), "UTF-16LE"),
        ("номер,текст\n1,где посылка\n".encode("utf-16-be"), "UTF-16BE"),
    ],
)
def test_wide_texts_are_known_by_their_mark_or_their_zeros(data: bytes, name: str) -> None:
    """With the order of bytes where no mark says it."""
    found = wide_encoding(data)
    assert found is not None
    assert found[0] == name


def test_bytes_that_suit_nothing_get_no_name() -> None:
    """Better none than any."""
    assert likely_encoding(bytes(range(128, 256))) is None


@pytest.mark.parametrize("data", [b"", b"id,text\n1,a\0b\n2,c\n", b"id,text\n\0,sch\xf6n\n2,c\n"])
def test_nothing_and_a_stray_zero_are_not_wide(data: bytes) -> None:
    """Wide lines end in a zero, or begin with one."""
    assert wide_encoding(data) is None
