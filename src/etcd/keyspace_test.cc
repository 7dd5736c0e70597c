// Histories made here, record by record, so that each rule can be broken on its own; and the hash
// against a second, forward computation that is written as etcd's own formula reads.
#include "etcd/keyspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/crc32c.h"
#include "base/text.h"

namespace lifeboat::etcd {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Record {
  RevisionKey revision;
  std::string key;
  std::int64_t create_revision = 0;
  std::int64_t version = 0;
  std::string value;
};

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

void append_field(std::string& out, unsigned number, std::int64_t value) {
  if (value == 0) return;
  append_varint(out, number << 3);
  append_varint(out, static_cast<std::uint64_t>(value));
}

void append_field(std::string& out, unsigned number, const std::string& value) {
  if (value.empty()) return;
  append_varint(out, (number << 3) | 2);
  append_varint(out, value.size());
  out += value;
}

std::string encode(const Record& record) {
  std::string out;
  append_field(out, 1, record.key);
  if (record.revision.tombstone) return out;
  append_field(out, 2, record.create_revision);
  append_field(out, 3, record.revision.revision.main);
  append_field(out, 4, record.version);
  append_field(out, 5, record.value);
  return out;
}

Record put(std::int64_t main, std::int64_t sub, const std::string& key, std::int64_t create,
           std::int64_t version) {
  return {{{main, sub}, false}, key, create, version, base::cat("value of ", key, " at ", main)};
}

Record tombstone(std::int64_t main, std::int64_t sub, const std::string& key) {
  return {{{main, sub}, true}, key, 0, 0, ""};
}

using History = std::vector<Record>;

History healthy_history() {
  return {
      put(2, 0, "a", 2, 1), put(3, 0, "b", 3, 1), put(4, 0, "a", 2, 2),   put(5, 0, "c", 5, 1),
      put(5, 1, "d", 5, 1), tombstone(6, 0, "b"), put(7, 0, "b", 7, 1),   put(8, 0, "a", 2, 3),
      tombstone(9, 0, "c"), tombstone(9, 1, "d"), put(10, 0, "e", 10, 1),
  };
}

struct Outcome {
  std::vector<std::string> findings;
  std::uint64_t keys = 0;
  std::uint32_t hash = 0;
};

Outcome scan(const History& history, std::int64_t compact_revision = -1,
             std::optional<std::int64_t> further = std::nullopt) {
  KeyspaceBounds bounds{compact_revision, std::max<std::int64_t>(compact_revision, 1)};
  if (!history.empty()) {
    bounds.revision = std::max(bounds.revision, history.back().revision.revision.main);
  }
  Findings findings;
  std::vector<std::int64_t> more;
  if (further) more.push_back(*further);
  KeyspaceScan keyspace(bounds, more, findings);
  const auto feed = [&history](auto& target) {
    for (auto record = history.rbegin(); record != history.rend(); ++record) {
      const base::Buffer key = encode_revision_key(record->revision);
      target.add(key, base::as_bytes(encode(*record)));
    }
    target.finish();
  };
  feed(keyspace);
  ChainConfirmation confirmation(bounds, keyspace, findings);
  feed(confirmation);

  Outcome outcome{{}, keyspace.keys(), keyspace.hash_kv(further.value_or(compact_revision))->hash};
  for (const Finding& finding : findings.kept()) {
    outcome.findings.push_back(finding.where + ": " + finding.message);
  }
  return outcome;
}

TEST(Keyspace, FindsNothingWrongWithAHealthyHistory) {
  const Outcome outcome = scan(healthy_history());
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_EQ(outcome.keys, 3U);  // a, b, e
}

TEST(Keyspace, AcceptsAnEmptyStore) {
  const Outcome outcome = scan({});
  EXPECT_THAT(outcome.findings, IsEmpty());
  EXPECT_EQ(outcome.keys, 0U);
  EXPECT_EQ(outcome.hash, 1084519789U);  // what etcd answers: the bucket's name alone
}

// ---- One broken rule each ---------------------------------------------------------------------

struct BrokenRule {
  const char* name;
  std::function<void(History&)> damage;
  const char* finding;
};

const BrokenRule kBrokenRules[] = {
    {"a version is skipped", [](History& h) { h[7].version = 4; },
     "revision 4.0: key a: the record at 8.0 does not follow from this one"},
    {"another create revision", [](History& h) { h[7].create_revision = 3; },
     "revision 4.0: key a: the record at 8.0 does not follow from this one"},
    {"a put after a tombstone goes on counting",
     [](History& h) {
       h[6].version = 2;
       h[6].create_revision = 3;
     },
     "revision 6.0: key b: the record at 7.0 does not follow from this one"},
    {"a first version over a live key", [](History& h) { h[2] = put(4, 0, "a", 4, 1); },
     "revision 2.0: key a: the record at 4.0 does not follow from this one"},
    {"a tombstone for a key that never was", [](History& h) { h[5].key = "nobody"; },
     "revision 6.0: key nobody: the records before this one are missing"},
    {"a whole revision is missing", [](History& h) { h.erase(h.begin() + 1); },
     "revision 2.0: is followed by 4.0: revisions are missing"},
    {"the first revision is missing", [](History& h) { h.erase(h.begin()); },
     "revision 3.0: is the first revision, where 2 should be"},
    {"a change within a revision is missing", [](History& h) { h.erase(h.begin() + 3); },
     "revision 5.1: is the first change of its revision"},
    {"records out of order", [](History& h) { std::swap(h[6], h[7]); },
     "revision 8.0: does not stand below 7.0"},
    {"create and version disagree", [](History& h) { h[10].version = 2; },
     "revision 10.0: has version 2 and create revision 10"},
    {"version zero", [](History& h) { h[10].version = 0; }, "revision 10.0: has version 0"},
    {"a create revision from the future", [](History& h) { h[10].create_revision = 11; },
     "revision 10.0: has version 1 and create revision 11"},
    {"a put without a key", [](History& h) { h[10].key = ""; }, "revision 10.0: has no key"},
};

TEST(Keyspace, NamesEachBrokenRule) {
  for (const BrokenRule& rule : kBrokenRules) {
    History history = healthy_history();
    rule.damage(history);
    EXPECT_THAT(scan(history).findings, Contains(rule.finding)) << rule.name;
  }
}

TEST(Keyspace, ReportsRecordsThatDoNotDecode) {
  Findings findings;
  KeyspaceScan keyspace({-1, 2}, {}, findings);
  const base::Buffer key = encode_revision_key({{2, 0}, false});
  keyspace.add(key, base::as_bytes("\x0a\x7f short"));
  keyspace.add(base::as_bytes("seventeen bytes .."), base::as_bytes(""));
  keyspace.add(base::as_bytes("short"), base::as_bytes(""));
  ASSERT_EQ(findings.kept().size(), 3U);
  EXPECT_EQ(findings.kept()[0].where, "revision 2.0");
  EXPECT_THAT(findings.kept()[0].message, HasSubstr("cut short"));
  EXPECT_THAT(findings.kept()[1].message, HasSubstr("no revision"));
  EXPECT_THAT(findings.kept()[2].message, HasSubstr("a revision of 5 bytes"));
}

TEST(Keyspace, TakesARecordOfNothingForTheMarkOfABumpOnlyWhereThatIsCompacted) {
  Findings findings;
  KeyspaceScan keyspace({5, 7}, {}, findings);
  keyspace.add(encode_revision_key({{7, 0}, false}), {});
  keyspace.add(encode_revision_key({{5, 0}, false}), {});
  keyspace.add(encode_revision_key({{4, 1}, false}), {});
  std::vector<std::string> places;
  for (const Finding& finding : findings.kept()) {
    if (finding.message == "has no key") places.push_back(finding.where);
  }
  EXPECT_THAT(places, ElementsAre("revision 7.0", "revision 4.1"));
}

TEST(Keyspace, KeepsCountingBeyondTheLimitOfFindings) {
  Findings findings;
  KeyspaceScan keyspace({-1, 2}, {}, findings);
  for (int i = 0; i < 1000; ++i) keyspace.add(base::as_bytes("short"), {});
  EXPECT_EQ(findings.kept().size(), Findings::kLimit);
  EXPECT_EQ(findings.total(), 1000U);
}

// ---- Compaction -------------------------------------------------------------------------------

// What Compact(`revision`) leaves when it has come to its end, in etcd 3.5.16 and later.
History compacted(const History& history, std::int64_t revision) {
  std::map<std::string, RevisionKey> newest;
  for (const Record& record : history) {
    if (record.revision.revision.main <= revision) newest[record.key] = record.revision;
  }
  History left;
  for (const Record& record : history) {
    const RevisionKey& key = record.revision;
    const bool is_newest = key.revision == newest[record.key].revision;
    const bool kept = is_newest && (!key.tombstone || key.revision.main == revision);
    if (key.revision.main > revision || kept) left.push_back(record);
  }
  return left;
}

TEST(Keyspace, AcceptsACompactionThatIsDoneOrHasOnlyBegun) {
  const History history = healthy_history();
  for (std::int64_t revision = 2; revision <= 10; ++revision) {
    const History done = compacted(history, revision);
    EXPECT_THAT(scan(done, revision).findings, IsEmpty()) << revision;
    EXPECT_EQ(scan(done, revision).keys, 3U) << revision;
    // It removes from the front: any number of the records that it will remove may be gone.
    History begun = history;
    for (std::size_t i = 0; i < begun.size();) {
      const bool goes = std::ranges::none_of(done, [&](const Record& record) {
        return record.revision.revision == begun[i].revision.revision;
      });
      if (!goes) {
        ++i;
        continue;
      }
      begun.erase(begun.begin() + static_cast<long>(i));
      EXPECT_THAT(scan(begun, revision).findings, IsEmpty()) << revision;
    }
  }
}

TEST(Keyspace, AcceptsTheMarkOfARevisionBump) {
  History history = healthy_history();
  Record mark{{{1010, 0}, false}, "", 0, 0, ""};
  Findings findings;
  KeyspaceScan keyspace({1010, 1010}, {}, findings);
  keyspace.add(encode_revision_key(mark.revision), {});
  for (auto record = history.rbegin(); record != history.rend(); ++record) {
    keyspace.add(encode_revision_key(record->revision), base::as_bytes(encode(*record)));
  }
  keyspace.finish();
  EXPECT_THAT(findings.kept(), IsEmpty());
  EXPECT_EQ(keyspace.keys(), 3U);
}

// ---- HashKV -----------------------------------------------------------------------------------

// server/storage/mvcc/hash.go, read literally.
std::uint32_t expected_hash(const History& history, std::int64_t compact_revision) {
  std::map<std::string, const Record*> newest;
  for (const Record& record : history) newest[record.key] = &record;
  std::set<Revision> live;
  for (const auto& [key, record] : newest) {
    if (!record->revision.tombstone) live.insert(record->revision.revision);
  }
  std::uint32_t crc = base::crc32c(0, base::as_bytes("key"));
  for (const Record& record : history) {
    const Revision revision = record.revision.revision;
    if (revision.main <= compact_revision && !live.empty() && !live.contains(revision)) continue;
    if (revision.main == compact_revision && record.revision.tombstone) continue;
    crc = base::crc32c(crc, encode_revision_key(record.revision));
    crc = base::crc32c(crc, base::as_bytes(encode(record)));
  }
  return crc;
}

History random_history(std::mt19937& random, std::int64_t revisions) {
  struct Key {
    std::int64_t create = 0;
    std::int64_t version = 0;
  };
  std::map<std::string, Key> live;
  History history;
  for (std::int64_t main = 2; main < 2 + revisions; ++main) {
    std::set<std::string> touched;
    const std::int64_t changes = 1 + static_cast<std::int64_t>(random() % 3);
    for (std::int64_t sub = 0; sub < changes; ++sub) {
      const std::string key = base::cat("key-", random() % 12);
      if (!touched.insert(key).second) break;
      if (live.contains(key) && random() % 3 == 0) {
        live.erase(key);
        history.push_back(tombstone(main, sub, key));
        continue;
      }
      Key& state = live[key];
      if (state.version == 0) state.create = main;
      history.push_back(put(main, sub, key, state.create, ++state.version));
    }
  }
  return history;
}

TEST(HashKv, EqualsTheForwardFormulaWhateverWasCompacted) {
  std::mt19937 random(361);
  for (int round = 0; round < 60; ++round) {
    const History history = random_history(random, 1 + static_cast<std::int64_t>(random() % 60));
    ASSERT_THAT(scan(history).findings, IsEmpty());
    const std::int64_t last = history.back().revision.revision.main;
    for (std::int64_t compaction = -1; compaction <= last; ++compaction) {
      const std::uint32_t expected = expected_hash(history, compaction);
      EXPECT_EQ(scan(history, compaction).hash, expected);
      EXPECT_EQ(scan(history, -1, compaction).hash, expected);
      const History left = compacted(history, compaction);
      EXPECT_THAT(scan(left, compaction).findings, IsEmpty());
      // With no key alive etcd hashes what is physically there.
      if (scan(history).keys > 0) {
        EXPECT_EQ(scan(left, compaction).hash, expected) << compaction;
      }
    }
  }
}

}  // namespace
}  // namespace lifeboat::etcd
