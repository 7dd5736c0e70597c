#include "bbolt/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/golden.h"
#include "testing/surgeon.h"

namespace lifeboat::bbolt {
namespace {

using base::as_bytes;
using base::as_text;
using ::testing::HasSubstr;
using testing::read_golden;
using testing::Surgeon;

constexpr char kTree[] = "etcd/3.4.23-tree.snapshot.db";

std::string open_error(const base::Buffer& image) {
  base::MemorySource source(image);
  try {
    const Database database(source);
    return "";
  } catch (const base::Error& error) {
    return std::string(base::code_name(error.code())) + ": " + error.what();
  }
}

TEST(Database, FindsTheFirstTheLastAndNoOther) {
  const base::Buffer image = read_golden(kTree);
  base::MemorySource source(image);
  Database database(source);
  EXPECT_EQ(database.get(as_bytes("meta"), as_bytes("consistent_index"))->size(), 8U);
  EXPECT_EQ(as_text(*database.get(as_bytes("cluster"), as_bytes("clusterVersion"))), "3.4.0");
  EXPECT_FALSE(database.get(as_bytes("meta"), as_bytes("no such key")));
  EXPECT_FALSE(database.get(as_bytes("no such bucket"), as_bytes("x")));
  EXPECT_FALSE(database.last(as_bytes("alarm")));
  // 158.0
  EXPECT_EQ(base::to_hex(database.last(as_bytes("key"))->key),
            "000000000000009e5f0000000000000000");
}

TEST(Database, TakesTheNewerMetaPageAndToleratesOneBrokenOne) {
  Surgeon surgeon(read_golden(kTree));
  base::MemorySource source(surgeon.image());
  EXPECT_EQ(Database(source).meta().page, 0U);

  MetaBody newer = surgeon.meta(1);
  newer.txid = surgeon.meta(0).txid + 1;
  surgeon.set_meta(1, newer);
  EXPECT_EQ(Database(source).meta().page, 1U);

  surgeon.image()[16] ^= 0xFF;  // the magic of meta page 0, which knows the page size
  const Database database(source);
  EXPECT_EQ(database.meta().page, 1U);
  EXPECT_EQ(database.meta().page_size_bytes, 4096U);
  EXPECT_THAT(database.other_meta_problem(), HasSubstr("magic"));
}

TEST(Database, RefusesWhatIsNoDatabase) {
  EXPECT_THAT(open_error({}), HasSubstr("corrupt: this is no bbolt database"));
  EXPECT_THAT(open_error(base::Buffer(1000, 0)), HasSubstr("this is no bbolt database"));
  EXPECT_THAT(open_error(base::Buffer(100'000, 0xFF)), HasSubstr("this is no bbolt database"));

  Surgeon both(read_golden(kTree));
  both.image()[16] ^= 1;
  both.image()[4096 + 16] ^= 1;
  EXPECT_THAT(open_error(both.image()), HasSubstr("this is no bbolt database"));
}

TEST(Database, SaysThatAFileIsCutShort) {
  base::Buffer image = read_golden(kTree);
  image.resize(5 * 4096);
  EXPECT_EQ(open_error(image), "corrupt: the file is cut short: it has room for 5 of its 24 pages");
}

TEST(Database, RefusesTheOtherByteOrder) {
  Surgeon surgeon(read_golden(kTree));
  for (const std::size_t page : {0U, 1U}) {
    std::reverse(surgeon.image().begin() + static_cast<long>(page) * 4096 + 16,
                 surgeon.image().begin() + static_cast<long>(page) * 4096 + 20);
  }
  EXPECT_THAT(open_error(surgeon.image()), HasSubstr("unsupported: "));
}

TEST(Database, RefusesImpossiblePageSizes) {
  for (const std::uint32_t size : {0U, 1U, 512U, 4095U, 131072U, 0xFFFFFFFFU}) {
    Surgeon surgeon(read_golden(kTree));
    for (const PageId id : {PageId{1}, PageId{0}}) {
      MetaBody meta = surgeon.meta(id);
      meta.page_size = size;
      surgeon.set_meta(id, meta);
    }
    EXPECT_THAT(open_error(surgeon.image()), HasSubstr("page size")) << size;
  }
}

}  // namespace
}  // namespace lifeboat::bbolt
