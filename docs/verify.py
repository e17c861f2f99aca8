#!/usr/bin/env python3
"""Verifies a spikectl audit log with nothing but Python 3: format spikectl.audit/1, see audit-format.md.

    python3 verify.py [--key NAME] audit-*.jsonl [NAME.pub.pem]

Takes the files of one log in any order, plain or gzip'd. A log whose first files were pruned also needs the public key
that signed its first line. With --key the log must begin with the key of that name. Exit code: 0 when no line is wrong,
1 when one is (it is named), 2 when something could not be read. Lines cut off at the end cannot be seen here: compare
the last number with that of a checkpoint. Needs Python 3.8 or newer.
"""
import argparse, base64, gzip, hashlib, json, re, sys, zlib

PREFIX = b'eyJhbGciOiJFZDI1NTE5IiwiYjY0IjpmYWxzZSwiY3JpdCI6WyJiNjQiXSwidHlwIjoic3Bpa2VjdGwtYXVkaXQrandzIn0.'
SPKI = bytes.fromhex('302a300506032b6570032100')    # what stands before the 32 bytes of a public key, RFC 8410
MAX_LINE, MAX_JUNK = 8192, 65536


class Wrong(Exception):
    pass


# Ed25519, RFC 8032: verification alone. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def decompress(data):
    """The point that 32 bytes stand for, or None: RFC 8032, 5.1.3."""
    number = int.from_bytes(data, 'little')
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def compress(point):
    x, y = (part * pow(point[2], -1, P) % P for part in point[:2])
    return (y | (x & 1) << 255).to_bytes(32, 'little')


NEUTRAL = (0, 1, 1, 0)


def multiples(point):
    """0 to 15 times the point, 16 times it, 16 * 16 times it, …: then any multiple of it is 64 additions."""
    rows = []
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(add(row[-1], point))
        rows.append(row)
        point = add(row[15], point)
    return rows


def times(number, rows):
    total = NEUTRAL
    for row in rows:
        total = add(total, row[number & 15])
        number >>= 4
    return total


BASE = multiples(decompress(bytes.fromhex('58' + '66' * 31)))


class Key:
    def __init__(self, pub):
        self.pub, self.name = pub, hashlib.sha256(SPKI + pub).hexdigest()[:16]
        point = decompress(pub) if len(pub) == 32 else None
        eight = point or NEUTRAL
        for _ in range(3):
            eight = add(eight, eight)
        # Under a point whose order divides 8, signatures can be made up that hold for any message.
        if compress(eight) == compress(NEUTRAL):
            raise Wrong('weak key')
        x, y, z, t = point
        self.minus = multiples((P - x, y, z, P - t))

    def signed(self, message, signature):
        s = int.from_bytes(signature[32:], 'little')
        if s >= L:    # the same signature could be written in a second way
            return False
        h = int.from_bytes(hashlib.sha512(signature[:32] + self.pub + message).digest(), 'little') % L
        return compress(add(times(s, BASE), times(h, self.minus))) == signature[:32]


# Lines


def decoded(text):
    """The bytes that base64url without padding stands for, or None. Its last character has several spellings: one counts."""
    data = base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    return data if base64.urlsafe_b64encode(data).decode().rstrip('=') == text else None


def key_in(members):
    pub = members.get('pub')
    data = decoded(pub) if isinstance(pub, str) and re.fullmatch('[A-Za-z0-9_-]{43}', pub) else None
    if not data:
        raise Wrong('weak key')
    return Key(data)


def canonical(value):
    """RFC 8785, of the values that a line may hold."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode('utf-16-be'))
        return '{' + ','.join(canonical(key) + ':' + canonical(value[key]) for key in keys) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(canonical, value)) + ']'
    if isinstance(value, (str, bool)) or (isinstance(value, int) and abs(value) < 2**53):
        return json.dumps(value, ensure_ascii=False)
    raise ValueError(value)


def split(line):
    """Payload and signature of a line with its LF, by their places alone: nothing is parsed yet."""
    match = re.fullmatch(rb',"sig":"([A-Za-z0-9_-]{86})"\}\n', line[-97:])
    if not match or len(line) < 98 or len(line) > MAX_LINE:
        raise Wrong('line too long' if len(line) > MAX_LINE else 'malformed suffix')
    signature = decoded(match[1].decode())
    if not signature:
        raise Wrong('malformed suffix')
    return line[:-97] + b'}', signature


def parse(payload):
    try:
        members = json.loads(payload.decode())
        if isinstance(members, dict) and canonical(members).encode() == payload:
            return members
    except (ValueError, RecursionError):
        pass
    raise Wrong('not canonical')


class Log:
    """Where the chain stands: the log, the last line's number and hash, and the key that must sign the next."""

    def __init__(self, known_keys):
        self.log, self.seq, self.sha, self.key, self.known_keys = '', -1, '0' * 64, None, known_keys
        self.first, self.keys, self.ends, self.prunes, self.notes = 0, [], {}, [], []

    def begin(self, members):
        """The first line there is. What it claims is believed once its signature holds."""
        if members.get('event') == 'genesis':
            self.key = key_in(members)
        else:
            seq, self.log, self.sha = (members.get(name) for name in ('seq', 'log', 'prev'))
            self.key = self.known_keys.get(members.get('key'))
            if self.key is None or type(seq) is not int or seq < 1:
                raise Wrong('no genesis, and no NAME.pub.pem of its key was given')
            self.first, self.seq, self.ends = seq, seq - 1, {seq - 1: self.sha}
        self.keys.append(self.key.name)

    def opened(self, line):
        """The members of a line that is sound and the next of the chain."""
        payload, signature = split(line)
        if self.key is None:
            self.begin(parse(payload))
        if not self.key.signed(PREFIX + payload, signature):
            raise Wrong('bad signature')
        members = parse(payload)
        if members.get('v') != 'spikectl.audit/1':
            raise Wrong('unknown format')
        if (members.get('event') == 'genesis') != (self.seq == -1):
            raise Wrong('no genesis' if self.seq == -1 else 'a second genesis')
        if members.get('seq') != self.seq + 1 or members.get('prev') != self.sha:
            raise Wrong('chain broken')
        if self.seq >= 0 and members.get('log') != self.log:
            raise Wrong('line of another log')
        if members.get('key') != self.key.name:
            raise Wrong('key is not the active key')
        return members

    def take(self, line, members):
        event, recovery = members['event'], members.get('recovery')
        if event == 'rotate':
            self.key = key_in(members)
            self.keys.append(self.key.name)
        self.sha, self.seq = hashlib.sha256(line).hexdigest(), self.seq + 1
        self.log = self.log or self.sha[:32]
        if event == 'prune':
            self.prunes.append((self.seq, members.get('through_seq'), members.get('sha256')))
        if event == 'tamper':
            self.notes.append(f'line {self.seq} records that the log was not as its writer had left it')
        if isinstance(recovery, dict) and 'anchor' in recovery:
            self.notes.append(f'audit.db was lost before line {self.seq}: what was cut off there cannot be seen')

    def owns_up(self):
        """A prune record names the last line that is missing, or that of a later file where not all were removed yet."""
        return self.first == 0 or any(
            type(through) is int and through < at and self.ends.get(through) == sha for at, through, sha in self.prunes)


# Junk: the beginning of a line whose append was cut off


def is_cut_off(piece):
    text = piece.rstrip(b'\n')
    try:
        json.loads(text)
        return False    # complete: somebody put it there
    except ValueError:
        return text[:3] == b'{"a'[:len(text)]    # every line begins with "agent", "all" or "at"


def named_junk(members):
    recovery = members.get('recovery')
    return recovery.get('junk') if isinstance(recovery, dict) else None


def digest(data):
    return {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}


# Files


class File:
    """The lines of one file, the digest of the file before it, and whether the log ends in it."""

    def __init__(self, name, data, before, is_last):
        self.name, self.lines = name, re.findall(rb'[^\n]*\n|[^\n]+', data)
        self.before, self.is_last, self.junk, self.at = before, is_last, b'', 1

    def verify(self, log):
        try:
            for number, line in enumerate(self.lines, 1):
                if not self.set_aside(log, number, line):
                    self.follow(log, number, line)
            if not self.lines:
                raise Wrong('no line in it')
            if self.junk.endswith(b'\n') or (self.junk and not self.is_last):
                raise Wrong('an append that was cut off, and no line names it')
        except Wrong as wrong:
            raise Wrong(f'{self.name}: line {self.at} (seq {log.seq + 1}): {wrong}')
        if self.junk:
            log.notes.append(f'{self.name} ends in an append that was cut off')

    def set_aside(self, log, number, line):
        """True for junk, which the next line must name. At the end of a log it may also be a whole line but for its LF."""
        is_open = not line.endswith(b'\n')
        self.at = self.at if self.junk else number    # where junk begins is where it is wrong
        try:
            split(line)
            return False
        except Wrong as wrong:
            self.junk += line
            is_junk = is_cut_off(line) or (is_open and self.is_last and is_sound(log, line + b'\n'))
            if number == 1 or not is_junk or len(self.junk) > MAX_JUNK or (len(line) > MAX_LINE and not is_open):
                raise wrong
            return True

    def follow(self, log, number, line):
        members = log.opened(line)
        if named_junk(members) != (digest(self.junk[:-1]) if self.junk else None):
            raise Wrong('malformed suffix' if self.junk else 'the junk that this line names is not there')
        self.junk, self.at = b'', number
        if (members['event'] in ('genesis', 'segment', 'tamper')) != (number == 1):
            raise Wrong('no segment line' if number == 1 else 'an opening line in the middle of a file')
        named = members.get('prev_segment')
        if members['event'] == 'segment' and self.before:
            if not isinstance(named, dict) or any(named.get(name) != self.before[name] for name in self.before):
                raise Wrong('the file before is not the one that this line names')
        log.take(line, members)


def is_sound(log, line):
    try:
        return bool(log.opened(line))
    except Wrong:
        return False


def content(name):
    with open(name, 'rb') as file:
        data = file.read()
    return gzip.decompress(data) if data[:2] == b'\x1f\x8b' else data


def claimed_number(data):
    """The number of a file's first line puts the files in order; whether it is true is found out later."""
    match = re.search(rb',"seq":(\d{1,16}),', data.split(b'\n', 1)[0])
    return int(match[1]) if match else 2**63


def verify(names, expected):
    names = [name for name in names if not re.search(r'\.jsonl\.[0-9a-f-]{36}$', name)]    # drafts of writers that died
    pems = [content(name) for name in names if name.endswith('.pub.pem')]
    files = [(name, content(name)) for name in names if not name.endswith('.pub.pem')]
    known = [Key(base64.b64decode(re.sub(rb'-----[^-]+-----|\s', b'', pem))[len(SPKI):]) for pem in pems]
    log, before = Log({key.name: key for key in known}), None
    if not files:
        raise OSError('no file of a log was given')
    files.sort(key=lambda file: claimed_number(file[1]))
    for index, (name, data) in enumerate(files, 1):
        File(name, data, before, index == len(files)).verify(log)
        before, log.ends[log.seq] = digest(data), log.sha
    if not log.owns_up():
        raise Wrong(f'lines 0 to {log.first - 1} are missing, and no prune record says so')
    if expected not in (None, log.keys[0]):
        raise Wrong(f'the log begins with the key {log.keys[0]}, and not with {expected}')
    return log


def main():
    parser = argparse.ArgumentParser(description='Verifies the files of a spikectl audit log.')
    parser.add_argument('files', nargs='+', help="audit-*.jsonl, plain or gzip'd, and NAME.pub.pem of a pruned log")
    parser.add_argument('--key', metavar='NAME', help='the name of the key that the log must begin with')
    given = parser.parse_args()
    try:
        log = verify(given.files, given.key)
    except Wrong as wrong:
        sys.exit(f'tampered: {wrong}')    # exit code 1
    except (OSError, EOFError, ValueError, zlib.error) as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(2)
    for note in log.notes:
        print(f'note: {note}')
    print(f'log {log.log}: lines {log.first} to {log.seq}, chained, and signed by {", then ".join(log.keys)}')


if __name__ == '__main__':
    main()
