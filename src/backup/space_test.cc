#include "backup/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lifeboat::backup {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using vault::BackupId;
using vault::RetentionCandidate;

enum class Kind { kProven, kUnproven, kPinned };

RetentionCandidate candidate(std::string_view id, std::uint64_t size_bytes,
                             Kind kind = Kind::kProven) {
  return {.id = BackupId::parse(id).value(),
          .size_bytes = size_bytes,
          .pinned = kind == Kind::kPinned,
          .proven = kind != Kind::kUnproven};
}

// Five backups of 100 bytes; the new one needs 105.
RoomRequest make_request(std::uint64_t available_bytes, unsigned keep_last) {
  RoomRequest request;
  request.needed_bytes = needed_bytes(100);
  request.available_bytes = available_bytes;
  request.policy.keep_last = keep_last;
  for (const char* id : {"2026-01-01_000000", "2026-01-02_000000", "2026-01-03_000000",
                         "2026-01-04_000000", "2026-01-05_000000"}) {
    request.existing.push_back(candidate(id, 100));
  }
  request.planned = candidate("2026-01-06_000000", 100);
  return request;
}

std::vector<std::string> removed(const RoomPlan& plan) {
  std::vector<std::string> ids;
  for (const BackupId& id : plan.remove) ids.push_back(id.text());
  return ids;
}

TEST(Room, NeedsFivePerCentMoreThanTheDatabase) {
  EXPECT_EQ(needed_bytes(0), 0U);
  EXPECT_EQ(needed_bytes(100), 105U);
  EXPECT_EQ(needed_bytes(8ULL << 30), (8ULL << 30) + (8ULL << 30) / 20);
}

TEST(Room, RemovesNothingWhenItFits) {
  const RoomPlan plan = plan_room(make_request(105, 1));
  EXPECT_TRUE(plan.fits);
  EXPECT_THAT(plan.remove, IsEmpty());
}

TEST(Room, RemovesTheOldestAndStopsAsSoonAsItFits) {
  const RoomPlan one = plan_room(make_request(104, 2));
  EXPECT_TRUE(one.fits);
  EXPECT_THAT(removed(one), ElementsAre("2026-01-01_000000"));
  const RoomPlan two = plan_room(make_request(4, 2));
  EXPECT_TRUE(two.fits);
  EXPECT_THAT(removed(two), ElementsAre("2026-01-01_000000", "2026-01-02_000000"));
}

TEST(Room, RemovesNothingWhenEvenAllOfItWouldNotDo) {
  RoomRequest request = make_request(0, 5);
  const RoomPlan plan = plan_room(request);
  EXPECT_FALSE(plan.fits);
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_EQ(plan.removable_bytes, 100U);
}

TEST(Room, NeverRemovesTheNewestProvenOneThatIsThere) {
  RoomRequest request = make_request(0, 1);
  request.needed_bytes = 500;
  EXPECT_FALSE(plan_room(request).fits) << "with keep-last 1 only four of the five may go";
  request.needed_bytes = 400;
  EXPECT_THAT(removed(plan_room(request)), ElementsAre("2026-01-01_000000", "2026-01-02_000000",
                                                       "2026-01-03_000000", "2026-01-04_000000"));
  request.existing[3].proven = request.existing[4].proven = false;
  EXPECT_THAT(removed(plan_room(request)), ElementsAre("2026-01-01_000000", "2026-01-02_000000",
                                                       "2026-01-04_000000", "2026-01-05_000000"));
}

TEST(Room, NeverRemovesPinnedOnes) {
  RoomRequest request = make_request(0, 1);
  request.existing[0] = candidate("2026-01-01_000000", 100, Kind::kPinned);
  request.needed_bytes = 100;
  EXPECT_THAT(removed(plan_room(request)), ElementsAre("2026-01-02_000000"));
}

TEST(Room, CountsTheNewOneAgainstTheSizeLimit) {
  RoomRequest request = make_request(50, 0);
  request.policy.max_size_bytes = 500;
  EXPECT_THAT(removed(plan_room(request)), ElementsAre("2026-01-01_000000"));
}

TEST(Room, KeepsEverythingWithoutARule) {
  const RoomPlan plan = plan_room(make_request(0, 0));
  EXPECT_FALSE(plan.fits);
  EXPECT_EQ(plan.removable_bytes, 0U);
}

TEST(Room, IsThereInAnEmptyVault) {
  RoomRequest request;
  request.needed_bytes = 10;
  request.planned = candidate("2026-01-06_000000", 10);
  EXPECT_FALSE(plan_room(request).fits);
  request.available_bytes = 10;
  EXPECT_TRUE(plan_room(request).fits);
}

}  // namespace
}  // namespace lifeboat::backup
