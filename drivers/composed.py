"""Fields that are more than one integer: floats, and values that need other registers of the same answer. Loaded only
where a profile has such a point."""

from drivers.decode import FLOATS, POW10, rounded, s16, u16
from drivers.point import Field
from drivers.reading import WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED


class ComposedField(Field):
    def store(self, reading, buf, start, at_ms):
        point = self.point
        i = 8 * start + self.at if point.function < 3 else start + self.at
        if point.decode in FLOATS:
            value = point.decode(buf, i, self.num, point.den)
            if value is None:
                reading.absent(WHY_NOT_IMPLEMENTED, u16(buf, i))
            else:
                self.keep(reading, -value if self._is_negative(buf, i) else value, u16(buf, i), at_ms)
            return
        raw = point.decode(buf, i)
        if raw in point.absent or point.meaning is not None or point.mask:
            Field.store(self, reading, buf, start, at_ms)
        else:
            self._compose(reading, raw + point.offset, buf, i, at_ms)

    def _is_negative(self, buf, i):
        sign = self.point.sign
        return sign is not None and u16(buf, i + 2 * sign[0]) & sign[1]

    def _compose(self, reading, raw, buf, i, at_ms):
        """Sign, second factor, scale factor (it may change between two reads)."""
        point, found = self.point, raw
        if self._is_negative(buf, i):
            raw = -raw
        if point.product is not None:
            factor = point.product[1](buf, i + 2 * point.product[0])
            if factor in point.absent:
                reading.absent(WHY_NOT_IMPLEMENTED, factor)
                return
            raw *= factor
        if point.scale_at is None:
            self.keep(reading, rounded(raw * self.num, point.den), found, at_ms)
            return
        exponent = s16(buf, i + 2 * point.scale_at) + point.scale_add
        if not -10 <= exponent <= 10:
            reading.absent(WHY_NOT_IMPLEMENTED, exponent)
        elif exponent > 9:
            reading.absent(WHY_IMPLAUSIBLE, found)
        elif exponent >= 0:
            factor = abs(self.num) * POW10[exponent]
            largest = max(self.high, -self.low) * point.den // factor
            if -largest <= raw <= largest:
                self.keep(reading, rounded(raw * self.num * POW10[exponent], point.den), found, at_ms)
            else:
                reading.absent(WHY_IMPLAUSIBLE, found)
        else:
            value = rounded(raw * self.num, point.den * POW10[-exponent]) if exponent > -10 else 0
            self.keep(reading, value, found, at_ms)
