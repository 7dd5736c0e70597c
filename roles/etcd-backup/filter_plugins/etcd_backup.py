"""What the templates of this role need and Jinja can't say in a line."""
import calendar
import datetime
import json
import re

from ansible.errors import AnsibleFilterError

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
FIELDS = (("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day of the month", 1, 31, ()),
          ("month", 1, 12, MONTHS), ("day of the week", 0, 6, DAYS))
# YAML 1.1 takes these for something else than text.
WORDS = {"y", "yes", "n", "no", "true", "false", "on", "off", "null", "nan", "inf"}
PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 _./:@+=%,()-]*\Z")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?!.{{254}}){LABEL}([.]{LABEL})*\Z", re.IGNORECASE)
ENDPOINT = re.compile(r"(https?://)?(\[(?P<v6>[0-9A-Fa-f:]{2,39})\]|(?P<host>[^:/\[\]]+)):"
                      r"(?P<port>[0-9]{1,5})\Z")


def yaml_scalar(value):
    """Text as one line of YAML that every reader takes for that text."""
    text = str(value)
    plain = PLAIN.match(text) and text[-1] not in " :" and ": " not in text
    return text if plain and text.lower() not in WORDS else json.dumps(text)


def is_ipv4(host):
    parts = host.split(".")
    return len(parts) == 4 and all(re.match(r"[0-9]{1,3}\Z", part) and int(part) <= 255
                                   for part in parts)


def endpoint(value):
    """The host, the port, and whether the host is an address and not a name."""
    match = ENDPOINT.match(str(value))
    if match and 1 <= int(match["port"]) <= 65535:
        port = int(match["port"])
        if match["v6"] and match["v6"].count(":") >= 2:
            return {"cidr": match["v6"] + "/128", "port": port}
        if match["host"] and is_ipv4(match["host"]):
            return {"cidr": match["host"] + "/32", "port": port}
        # "10.0.0.5.6" is a slip and no name.
        if match["host"] and HOST.match(match["host"]) and not match["host"][-1].isdigit():
            return {"cidr": "", "port": port}
    raise AnsibleFilterError(f"etcd_backup_endpoints: {value!r} is not one; such as "
                             "https://10.0.0.5:2379")


def number_of(text, field, part):
    name, low, high, words = field
    if text.lower() in words:
        return words.index(text.lower()) + low
    if not re.match(r"[0-9]{1,4}\Z", text) or not low <= int(text) <= high:
        raise AnsibleFilterError(f"etcd_backup_schedule: the {name} {part!r} is not from {low} to "
                                 f"{high}, written like 5, 1-5, */15 or 0,30")
    return int(text)


def run_of(part, field):
    """The numbers of "*", "5", "1-5", "*/15", "1-30/2" or "5/10", and whether it is all of them."""
    name, low, high, _ = field
    numbers, slash, step = part.partition("/")
    if slash and (not re.match(r"[0-9]{1,4}\Z", step) or not 1 <= int(step) <= 1000):
        raise AnsibleFilterError(f"etcd_backup_schedule: the {name} {part!r} has a step that is "
                                 "none")
    step = int(step) if slash else 1
    if numbers in ("*", "?"):
        return range(low, high + 1, step), step == 1
    first, dash, last = numbers.partition("-")
    begin = number_of(first, field, part)
    end = number_of(last, field, part) if dash else high if slash else begin
    if end < begin:
        raise AnsibleFilterError(f"etcd_backup_schedule: the {name} {part!r} ends before it begins")
    return range(begin, end + 1, step), False


def parse_schedule(line):
    """The numbers of each field, and whether the field restricts nothing."""
    texts = str(line).split(" ")
    texts = [text for text in texts if text]
    if len(texts) != len(FIELDS) or re.search(r"[^ -~]", str(line)):
        raise AnsibleFilterError(f"etcd_backup_schedule: {line!r} is no cron line of five fields: "
                                 "minute, hour, day of month, month, day of week")
    numbers, is_any = [], []
    for text, field in zip(texts, FIELDS):
        runs = [run_of(part, field) for part in text.split(",")]
        numbers.append(sorted({number for run, _ in runs for number in run}))
        is_any.append(any(whole for _, whole in runs))
    return numbers, is_any


def longest_pause(line):
    """Seconds from one run of a cron line to the next, at most.

    The eight years from 2096 have whatever the calendar has to offer.
    """
    numbers, is_any = parse_schedule(line)
    minutes, hours, month_days, months, week_days = numbers
    times = [3600 * hour + 60 * minute for hour in hours for minute in minutes]
    longest = max((late - early for early, late in zip(times, times[1:])), default=0)
    before = None
    for year in range(2096, 2105):
        for month in months:
            for day in range(1, calendar.monthrange(year, month)[1] + 1):
                date = datetime.date(year, month, day)
                of_month, of_week = day in month_days, date.isoweekday() % 7 in week_days
                # As in Kubernetes, when both days are given either of them is enough.
                both = is_any[2] or is_any[4]
                if not (of_month and of_week if both else of_month or of_week):
                    continue
                if before:
                    pause = 86400 * (date - before).days - times[-1] + times[0]
                    longest = max(longest, pause)
                before = date
    if not before or not longest:
        raise AnsibleFilterError(f"etcd_backup_schedule: {line!r} never comes to pass")
    return longest


# ---- Objects ------------------------------------------------------------------------------------

CLUSTER_WIDE = ("Namespace", "SecurityContextConstraints")


def kind_in(kind, namespace):
    """[KIND, NAMESPACE], without a namespace for kinds that are in none."""
    return [kind, "" if kind in CLUSTER_WIDE else namespace]


def kind_of(document):
    """The same of a manifest."""
    return kind_in(document["kind"], document["metadata"].get("namespace", ""))


def title(document):
    """ "KIND/NAME in NAMESPACE"; without a namespace for an object of the cluster."""
    namespace = document["metadata"].get("namespace")
    name = f"{document['kind']}/{document['metadata']['name']}"
    return f"{name} in {namespace}" if namespace else name


def argument(name, resources):
    """KIND/NAME as kubectl takes it."""
    kind, _, rest = name.partition("/")
    return f"{resources[kind]}/{rest}"


def rights(kind, verbs, resources):
    """What `auth can-i` is to be asked for a [KIND, NAMESPACE]."""
    return [{"verb": verb, "resource": resources[kind[0]], "namespace": kind[1]} for verb in verbs]


def question(item):
    """The same as the arguments that follow `auth can-i`, in one text."""
    where = f" -n {item['namespace']}" if item["namespace"] else ""
    return f"{item['verb']} {item['resource']}{where}"


def right(item):
    """One of these in words."""
    where = f" in {item['namespace']}" if item["namespace"] else ""
    return f"{item['verb']} {item['resource']}{where}"


# ---- Options ------------------------------------------------------------------------------------

def complaint(option):
    """What is said of a value that does not fit."""
    return f"{option['name']} {str(option['value'])[:60]!r} is not one: {option['words']}"


class FilterModule:
    """Finds them for Ansible."""

    def filters(self):
        return {"etcd_backup_yaml": yaml_scalar, "etcd_backup_endpoint": endpoint,
                "etcd_backup_longest_pause": longest_pause, "etcd_backup_kind_in": kind_in,
                "etcd_backup_kind": kind_of, "etcd_backup_title": title,
                "etcd_backup_argument": argument, "etcd_backup_rights": rights,
                "etcd_backup_question": question, "etcd_backup_right": right,
                "etcd_backup_complaint": complaint}
