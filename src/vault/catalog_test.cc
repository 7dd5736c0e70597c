#include "vault/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/error.h"

namespace lifeboat::vault {
namespace {

using base::Code;
using base::Json;
using ::testing::HasSubstr;

std::string read_golden() {
  std::ifstream file(LIFEBOAT_SOURCE_DIR "/tests/data/catalog/format_1.json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string digest(char digit) { return std::string(64, digit); }

// Every member that there is, set.
Catalog make_full_catalog() {
  Catalog catalog;
  catalog.id = BackupId::parse("2026-11-21_060000").value();
  catalog.cluster = "prod";
  catalog.tool_name = "lifeboat";
  catalog.tool_version = "0.1.0";
  catalog.started = base::parse_time("2026-11-21T06:00:00.123Z").value();
  catalog.finished = base::parse_time("2026-11-21T06:00:07.456Z").value();
  catalog.method = "native";
  catalog.platform = "openshift";
  catalog.node = "cp-0";
  catalog.etcd = {
      .version = "3.5.30",
      .cluster_id = 0x30a2e9b9d6b1a4c9,
      .member_id = 0xcf8f2b8e2d5d6d2c,
      .endpoint = "https://10.0.0.5:2379",
      .leader = false,
      .raft_term = 2,
      .raft_index = 200010,
      .db_size_bytes = 1091399680,
      .db_size_in_use_bytes = 1080000000,
      .revision = 200001,
      .compact_revision = -1,
      .keys = 100000,
      .records = 200001,
      .leases = 12,
      .hash_kv =
          CatalogHashKv{
              .revision = 200001, .compact_revision = -1, .hash = 4294967295, .live = "equal"},
  };
  catalog.members = {{.name = "cp-0",
                      .member_id = 0xcf8f2b8e2d5d6d2c,
                      .peer_urls = {"https://10.0.0.5:2380"},
                      .client_urls = {"https://10.0.0.5:2379", "https://cp-0:2379"},
                      .learner = false}};
  catalog.files = {{.role = "snapshot",
                    .name = "snapshot_2026-11-21_060000.db",
                    .size_bytes = 1091399712,
                    .sha256 = digest('a'),
                    .encoding = {},
                    .plain_size_bytes = 1091399712,
                    .plain_sha256 = digest('a')},
                   {.role = "static_kuberesources",
                    .name = "static_kuberesources_2026-11-21_060000.tar.gz",
                    .size_bytes = 60021,
                    .sha256 = digest('b'),
                    .encoding = {"zstd", "age"},
                    .plain_size_bytes = 60000,
                    .plain_sha256 = digest('c')}};
  catalog.verified = CatalogVerified{base::parse_time("2026-11-21T06:00:07.400Z").value(),
                                     {"trailer", "pages", "records", "hash_kv"}};
  catalog.warnings = {"https://10.0.0.7:2379: connection refused"};
  return catalog;
}

TEST(Catalog, IsWrittenAsItsPaperShows) {
  EXPECT_EQ(encode_catalog(make_full_catalog()), read_golden());
}

TEST(Catalog, SurvivesARoundTrip) {
  const std::string text = encode_catalog(make_full_catalog());
  EXPECT_EQ(encode_catalog(decode_catalog(text)), text);
}

TEST(Catalog, DecodesEveryMember) {
  const Catalog catalog = decode_catalog(read_golden());
  EXPECT_EQ(catalog.id.text(), "2026-11-21_060000");
  EXPECT_EQ(catalog.finished - catalog.started, std::chrono::milliseconds(7333));
  EXPECT_EQ(catalog.etcd.cluster_id, 0x30a2e9b9d6b1a4c9U);
  EXPECT_EQ(catalog.etcd.compact_revision, -1);
  EXPECT_EQ(catalog.etcd.hash_kv.value().hash, 4294967295U);
  EXPECT_EQ(catalog.members.at(0).client_urls.size(), 2U);
  EXPECT_EQ(catalog.file_with_role(kRoleSnapshot)->name, "snapshot_2026-11-21_060000.db");
  EXPECT_EQ(catalog.file_with_role("journal"), nullptr);
  EXPECT_EQ(catalog.size_bytes(), 1091399712U + 60021U);
  EXPECT_EQ(catalog.verified.value().checks.size(), 4U);
  EXPECT_EQ(catalog.warnings.size(), 1U);
}

TEST(Catalog, LeavesOutWhatIsNotKnown) {
  Catalog catalog = make_full_catalog();
  catalog.etcd.version.clear();
  catalog.etcd.cluster_id.reset();
  catalog.etcd.member_id.reset();
  catalog.etcd.endpoint.clear();
  catalog.etcd.leader.reset();
  catalog.etcd.raft_term.reset();
  catalog.etcd.raft_index.reset();
  catalog.etcd.db_size_in_use_bytes.reset();
  catalog.members.clear();
  catalog.etcd.revision.reset();
  catalog.etcd.compact_revision.reset();
  catalog.etcd.keys.reset();
  catalog.etcd.records.reset();
  catalog.etcd.leases.reset();
  catalog.etcd.hash_kv.reset();
  catalog.verified.reset();
  const std::string text = encode_catalog(catalog);
  for (const char* absent : {"\"version\": \"3", "cluster_id", "member_id", "endpoint", "leader",
                             "raft_", "in_use", "\"revision\"", "compact_revision", "\"keys\"",
                             "records\"", "leases", "hash_kv", "verified", "null"}) {
    EXPECT_THAT(text, ::testing::Not(HasSubstr(absent)));
  }
  const Catalog again = decode_catalog(text);
  EXPECT_EQ(again.etcd.version, "");
  EXPECT_EQ(again.etcd.cluster_id, std::nullopt);
  EXPECT_EQ(again.etcd.leader, std::nullopt);
  EXPECT_EQ(again.etcd.raft_index, std::nullopt);
  EXPECT_EQ(again.etcd.db_size_in_use_bytes, std::nullopt);
  EXPECT_EQ(again.etcd.db_size_bytes, 1091399680U);
  EXPECT_EQ(again.etcd.revision, std::nullopt);
  EXPECT_EQ(again.etcd.keys, std::nullopt);
  EXPECT_FALSE(again.verified.has_value());
  EXPECT_EQ(encode_catalog(again), text);
}

TEST(Catalog, PassesOverMembersThatItDoesNotKnow) {
  Json json = to_json(make_full_catalog());
  json.set("signature", Json::object().set("by", "somebody"));
  EXPECT_EQ(encode_catalog(decode_catalog(json.dump())), encode_catalog(make_full_catalog()));
}

// ---- Its checksum -------------------------------------------------------------------------------

TEST(Catalog, KnowsWhetherItIsAsItWasWritten) {
  const std::string text = encode_catalog(make_full_catalog());
  EXPECT_FALSE(decode_catalog(text).is_altered);
  // Of a writer that puts no checksum in it.
  const std::size_t end = text.find(",\n  \"catalog_sha256");
  const std::string without = text.substr(0, end) + "\n}\n";
  EXPECT_FALSE(decode_catalog(without).is_altered);
  EXPECT_EQ(encode_catalog(decode_catalog(without)), without);
}

TEST(Catalog, NoticesEveryFlippedBit) {
  std::string text = encode_catalog(make_full_catalog());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const char before = text[i];
      text[i] = static_cast<char>(before ^ (1 << bit));
      try {
        EXPECT_TRUE(decode_catalog(text).is_altered) << i << " " << text;
      } catch (const base::Error&) {
        // It is no catalog any more.
      }
      text[i] = before;
    }
  }
}

struct Damage {
  const char* old_text;
  const char* new_text;
  const char* message;
};

// One change to the golden catalog each, and what its reader is told.
constexpr Damage kDamages[] = {
    {R"("format": 1,)", "", "is no catalog: format is missing"},
    {R"("format": 1)", R"("format": "1")", "is no catalog: format is not a whole number"},
    {R"("format": 1)", R"("format": 1.0)", "is no catalog: format is not a whole number"},
    {R"("format": 1)", R"("format": 0)", "is no catalog: format is below 1"},
    {R"("format": 1)", R"("format": -9223372036854775808)", "is no catalog: format is below 1"},
    {R"("id": "2026-11-21_060000")", R"("id": "2026-11-21_060000_1")",
     "is no catalog: id is no backup id"},
    {R"("id": "2026-11-21_060000")", R"("id": 20261121)", "is no catalog: id is not a text"},
    {R"("id": "2026-11-21_060000")", R"("id": "../../etc")", "is no catalog: id is no backup id"},
    {R"("cluster": "prod")", R"("cluster": "../prod")",
     "is no catalog: cluster is no cluster name"},
    {R"("tool": {)", R"("tools": {)", "is no catalog: tool is missing"},
    {R"("tool": {)", R"("tool": [], "x": {)", "is no catalog: tool is not an object"},
    {R"("version": "0.1.0")", R"("versions": "0.1.0")", "is no catalog: tool.version is missing"},
    {"2026-11-21T06:00:00.123Z", "2026-11-31T06:00:00.123Z",
     "is no catalog: started is not a time such as 2026-11-21T06:00:00.123Z"},
    {R"("method": "native")", R"("method": null)", "is no catalog: method is not a text"},
    {R"("etcd": {)", R"("etcd": null, "x": {)", "is no catalog: etcd is not an object"},
    {R"("version": "3.5.30")", R"("version": 3.5)", "is no catalog: etcd.version is not a text"},
    {"30a2e9b9d6b1a4c9", "30A2e9b9d6b1a4c9",
     "is no catalog: etcd.cluster_id is not an id in lower-case hexadecimal"},
    {"30a2e9b9d6b1a4c9", "030a2e9b9d6b1a4c9",
     "is no catalog: etcd.cluster_id is not an id in lower-case hexadecimal"},
    {"30a2e9b9d6b1a4c9", "130a2e9b9d6b1a4c9",
     "is no catalog: etcd.cluster_id is not an id in lower-case hexadecimal"},
    {"30a2e9b9d6b1a4c9", "",
     "is no catalog: etcd.cluster_id is not an id in lower-case hexadecimal"},
    {R"("leader": false)", R"("leader": 0)",
     "is no catalog: etcd.leader is neither true nor false"},
    {R"("revision": 200001)", R"("revision": "200001")",
     "is no catalog: etcd.revision is not a whole number"},
    {R"("db_size": 1091399680)", R"("db_size": -1)",
     "is no catalog: etcd.db_size is not a whole number from 0 on"},
    {R"("db_size": 1091399680)", R"("db_size": 18446744073709551616)",
     "is no catalog: etcd.db_size is not a whole number from 0 on"},
    {R"("hash": 4294967295)", R"("hash": 4294967296)",
     "is no catalog: etcd.hash_kv.hash is more than 32 bits"},
    {R"("learner": false)", R"("lerner": false)", "is no catalog: members[0].learner is missing"},
    {R"("https://cp-0:2379")", "7", "is no catalog: members[0].client_urls is not a list of texts"},
    {R"("files": [)", R"("files": {}, "x": [)", "is no catalog: files is not a list"},
    {R"("files": [)", R"("files": [7,)", "is no catalog: files[0] is not an object"},
    {"snapshot_2026-11-21_060000.db", "../snapshot_2026-11-21_060000.db",
     "is no catalog: files[0].name is no plain file name"},
    {"snapshot_2026-11-21_060000.db", "/etc/shadow",
     "is no catalog: files[0].name is no plain file name"},
    {"snapshot_2026-11-21_060000.db", "", "is no catalog: files[0].name is no plain file name"},
    {"snapshot_2026-11-21_060000.db", ".hidden",
     "is no catalog: files[0].name is no plain file name"},
    {"snapshot_2026-11-21_060000.db", R"(snap\u001b[2Jshot)",
     "is no catalog: files[0].name is no plain file name"},
    {R"("size": 60021)", R"("size": 60021.5)",
     "is no catalog: files[1].size is not a whole number from 0 on"},
    {"bbbb\"", "bbb\"",
     "is no catalog: files[1].sha256 is not a SHA-256 in lower-case hexadecimal"},
    {"bbbb\"", "bbbB\"",
     "is no catalog: files[1].sha256 is not a SHA-256 in lower-case hexadecimal"},
    {R"("verified": {)", R"("verified": true, "x": {)", "is no catalog: verified is not an object"},
    {R"("checks": [)", R"("check": [)", "is no catalog: verified.checks is missing"},
    {R"("warnings": [)", R"("warning": [)", "is no catalog: warnings is missing"},
    {R"("method": "native")", R"("method": "native", "method": "native")",
     "is no catalog: not valid JSON: duplicate name \"method\""},
};

std::string damaged(const Damage& damage) {
  std::string text = read_golden();
  const std::size_t position = text.find(damage.old_text);
  EXPECT_NE(position, std::string::npos) << damage.old_text;
  return text.replace(position, std::string_view(damage.old_text).size(), damage.new_text);
}

TEST(Catalog, SaysWhatIsWrongWithADamagedOne) {
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.new_text);
    try {
      decode_catalog(damaged(damage));
      ADD_FAILURE() << "was accepted; expected: " << damage.message;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), Code::kCorrupt);
      EXPECT_STREQ(error.what(), damage.message);
      EXPECT_NE(error.hint(), "");
    }
  }
}

TEST(Catalog, RefusesEveryTruncation) {
  const std::string text = encode_catalog(make_full_catalog());
  const std::size_t whole = text.rfind('}') + 1;
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_THROW(decode_catalog(text.substr(0, size)), base::Error) << size;
  }
}

TEST(Catalog, RefusesWhatIsNoObject) {
  for (const char* text :
       {"[]", "7", "null", "\"backup\"", "{}", "\0", "\xff\xfe", "{\"format\":1}"}) {
    EXPECT_THROW(decode_catalog(text), base::Error) << text;
  }
}

TEST(Catalog, SaysThatANewerFormatIsNewer) {
  const Damage newer{R"("format": 1)", R"("format": 2)", ""};
  try {
    decode_catalog(damaged(newer));
    ADD_FAILURE() << "was accepted";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_STREQ(error.what(), "was written by a newer version (format 2; this one reads 1)");
  }
}

}  // namespace
}  // namespace lifeboat::vault
