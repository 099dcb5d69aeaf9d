"""The word pieces of BERT (English, without case): what MiniLM reads, and a list of English words.

`vocabulary.txt.gz` is the `vocab.txt` of BERT base uncased, one piece a line, by Google under the
Apache License 2.0; a piece that begins with `##` goes on with a word, the others begin one.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from .text import word_set

_OF_CUSTOMERS = word_set(
    "refund refunds refunded refundable reimburse reimbursed reimbursement invoice invoices "
    "voucher vouchers cheque cheques debit checkout unsubscribe subscribe subscribed "
    "newsletter newsletters signup login logins logout password passwords passcode username "
    "delete deleted deleting app apps email emails website websites online offline wifi inbox "
    "spam timezone update updates updating upgrade upgraded downgrade download upload reset "
    "resend screenshot crash crashes crashed freezes buffering lagging refill redeem redeemed "
    "cashback discount discounts discounted overcharged overpriced pricey affordable bargain "
    "expire expires expired expiring cancel cancels cancelled canceled cancelling canceling "
    "cancellation reorder preorder backorder restock restocked prepaid contactless surcharge "
    "courier parcels packages packaging shipment shipments delivered undelivered misplaced "
    "defective faulty broken leaky leaks leaking torn ripped scratched dented cracked stained "
    "smelly stinks squeaks wobbly flimsy sturdy durable comfy cosy cozy tasty delicious yummy "
    "bland stale soggy greasy overcooked undercooked awful horrible terrible dreadful "
    "disgusting mediocre lousy awesome amazing superb fantastic rude rudely polite attentive "
    "waitress waitresses waiters waitstaff dessert desserts appetizer appetizers entree "
    "entrees brunch menus burgers fries noodles sushi vegan gluten ambience ambiance zipper "
    "zip zippers velcro headset charger chargers earbuds headphones laptop tablets inquire "
    "enquiry enquire complaint complaints notify alerts reminders dont didnt doesnt cant wont "
    "isnt wasnt whats thats ive asap pls plz thx okay thanks hello sorry wtf lol omg"
)
"""Our own list of what customers write that is not among the pieces."""
_FILE = Path(__file__).with_name("vocabulary.txt.gz")
_SHORTEST = 3
_FIRST_WORD = 1996
"""Special pieces, digits, letters and signs come before it."""


@lru_cache(maxsize=1)
def pieces() -> tuple[str, ...]:
    """Return all 30,522 pieces, each at the place that is its number."""
    return tuple(gzip.decompress(_FILE.read_bytes()).decode().split("\n")[:-1])


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Return 21,000 words of three letters and more that are frequent in English texts, or said by
    customers.

    Names and some words of other languages are among them.
    """
    return _OF_CUSTOMERS | frozenset(
        piece
        for piece in pieces()[_FIRST_WORD:]
        if len(piece) >= _SHORTEST and piece.isascii() and piece.isalpha()
    )
