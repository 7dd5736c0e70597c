#include "vault/drill_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "testing/mem_store.h"

namespace lifeboat::vault {
namespace {

using base::Code;
using base::Error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kGood =
    R"({"format":1,"id":"2026-11-21_060000","at":"2026-11-22T07:00:00.123Z","ok":true,)"
    R"("restore_seconds":1.5,"boot_seconds":0.7,"etcd_version":"3.5.30","checks":[]})";

BackupId id(std::string_view text) { return BackupId::parse(text).value(); }

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(DrillName, ReadsBackWhatItWrites) {
  for (const char* text : {"2026-11-22_070000_of_2026-11-21_060000.json",
                           "2026-11-22_070000_2_of_2026-11-21_060000_10.json"}) {
    const auto name = DrillName::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), text);
  }
}

TEST(DrillName, IsNothingElse) {
  for (const char* text :
       {"", ".json", "_of_.json", "2026-11-22_070000.json", "2026-11-22_070000_of_.json",
        "2026-11-22_070000_of.json", "_of_2026-11-21_060000.json",
        "2026-11-22_070000_of_2026-11-21_060000", "2026-11-22_070000_of_2026-11-21_060000.html",
        "2026-11-22_070000_of_2026-11-21_060000.json.partial",
        "2026-11-22_070000_of_2026-11-21_060000_of_2026-11-21_060000.json",
        "2026-11-22_070000_1_of_2026-11-21_060000.json",
        "2026-13-22_070000_of_2026-11-21_060000.json"}) {
    EXPECT_FALSE(DrillName::parse(text)) << text;
  }
}

TEST(DrillName, IsOrderedByTime) {
  EXPECT_LT(*DrillName::parse("2026-11-22_070000_of_2026-11-21_060000.json"),
            *DrillName::parse("2026-11-22_070001_of_2026-11-20_060000.json"));
}

TEST(DrillRecord, TellsWhatTheDocumentSays) {
  const DrillRecord record = decode_drill_record(kGood);
  EXPECT_EQ(record.backup.text(), "2026-11-21_060000");
  EXPECT_EQ(base::format_time(record.at), "2026-11-22T07:00:00.123Z");
  EXPECT_TRUE(record.ok);
  EXPECT_EQ(record.restore_seconds, 1.5);
  EXPECT_EQ(record.boot_seconds, 0.7);
  EXPECT_EQ(record.etcd_version, "3.5.30");
}

TEST(DrillRecord, MayLackWhatWasNotMeasured) {
  const DrillRecord record =
      decode_drill_record(replaced("\"boot_seconds\":0.7", "\"boot_seconds\":null"));
  EXPECT_EQ(record.boot_seconds, std::nullopt);
}

TEST(DrillRecord, IsNothingElse) {
  const std::pair<std::string, Code> cases[] = {
      {"", Code::kCorrupt},
      {"[]", Code::kCorrupt},
      {std::string(kGood.substr(0, kGood.size() - 1)), Code::kCorrupt},
      {replaced("\"format\":1", "\"format\":2"), Code::kUnsupported},
      {replaced("\"format\":1", "\"format\":0"), Code::kCorrupt},
      {replaced("\"format\":1", "\"format\":\"1\""), Code::kCorrupt},
      {replaced("\"format\":1,", ""), Code::kCorrupt},
      {replaced("2026-11-21_060000", "latest"), Code::kCorrupt},
      {replaced("2026-11-22T07", "2026-11-22 07"), Code::kCorrupt},
      {replaced("\"ok\":true", "\"ok\":1"), Code::kCorrupt},
      {replaced("\"ok\":true,", ""), Code::kCorrupt},
      {replaced("1.5", "-1.5"), Code::kCorrupt},
      {replaced("0.7", "\"fast\""), Code::kCorrupt},
      {replaced("\"3.5.30\"", "3.5"), Code::kCorrupt},
  };
  for (const auto& [text, code] : cases) {
    try {
      decode_drill_record(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << text;
    }
  }
}

struct DrillShelf : ::testing::Test {
  void put(std::string_view backup, std::string_view time) {
    const auto at = base::parse_time(time).value();
    const DrillName name = next_drill_name(store, "prod", id(backup), at);
    put_drill(store, "prod", name,
              base::cat(R"({"format":1,"id":")", backup, R"(","at":")", base::format_time(at),
                        R"(","ok":true,"etcd_version":"3.5.30"})"));
  }

  std::vector<std::string> times() {
    std::vector<std::string> result;
    for (const auto& record : list_drills(store, "prod").records) {
      result.push_back(base::format_time(record.at));
    }
    return result;
  }

  testing::MemStore store;
};

TEST_F(DrillShelf, IsEmptyAtFirst) { EXPECT_THAT(times(), SizeIs(0)); }

TEST_F(DrillShelf, KeepsTheNewestTwenty) {
  store::put_text(store, "prod/drills/notes.txt", "somebody else's");
  for (int hour = 0; hour < 23; ++hour) {
    put("2026-11-21_060000", base::cat("2026-11-22T", hour / 10, hour % 10, ":00:00Z"));
  }
  const auto kept = times();
  ASSERT_THAT(kept, SizeIs(20));
  EXPECT_EQ(kept.front(), "2026-11-22T03:00:00.000Z");
  EXPECT_EQ(kept.back(), "2026-11-22T22:00:00.000Z");
  EXPECT_TRUE(store.size_bytes("prod/drills/notes.txt"));
}

TEST_F(DrillShelf, TakesTwoInOneSecondAndOneFromAClockThatWentBack) {
  put("2026-11-21_060000", "2026-11-22T07:00:00Z");
  put("2026-11-21_060000", "2026-11-22T07:00:00Z");
  put("2026-11-21_060000", "2026-11-20T07:00:00Z");
  EXPECT_THAT(times(), ElementsAre("2026-11-22T07:00:00.000Z", "2026-11-22T07:00:00.000Z",
                                   "2026-11-20T07:00:00.000Z"));
}

TEST_F(DrillShelf, FindsTheNewestOfABackup) {
  put("2026-11-21_060000", "2026-11-22T07:00:00Z");
  put("2026-11-21_060000", "2026-11-22T08:00:00Z");
  put("2026-11-20_060000", "2026-11-22T09:00:00Z");
  const auto records = list_drills(store, "prod").records;
  EXPECT_EQ(newest_drill(records, id("2026-11-21_060000"))->at,
            base::parse_time("2026-11-22T08:00:00Z"));
  EXPECT_EQ(newest_drill(records, id("2026-11-19_060000")), nullptr);
}

TEST_F(DrillShelf, NamesRecordsThatItCanNotRead) {
  put("2026-11-21_060000", "2026-11-22T07:00:00Z");
  store::put_text(store, "prod/drills/2026-11-22_080000_of_2026-11-21_060000.json", "{");
  store::put_text(store, "prod/drills/2026-11-22_090000_of_2026-11-19_060000.json", kGood);
  const DrillInventory inventory = list_drills(store, "prod");
  EXPECT_THAT(inventory.records, SizeIs(1));
  EXPECT_THAT(inventory.unreadable,
              ElementsAre(HasSubstr("2026-11-22_080000_of_2026-11-21_060000.json"),
                          HasSubstr("another backup")));
}

}  // namespace
}  // namespace lifeboat::vault
