#include "testing/store_contract.h"

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::testing {

void StoreContract::SetUpTestSuite() {}

namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Bytes that differ from place to place, so that pieces in the wrong order are seen.
std::string content_of(std::size_t size, std::uint32_t seed = 1) {
  std::string content(size, '\0');
  std::uint32_t state = seed;
  for (char& byte : content) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return content;
}

std::string read_in_pieces(store::Store& store, const std::string& name, std::size_t piece_bytes) {
  const auto source = store.get(name);
  std::string content;
  base::Buffer buffer(piece_bytes);
  while (const std::size_t count = source->read(buffer)) {
    content += base::as_text(base::Bytes(buffer).first(count));
  }
  EXPECT_EQ(source->read(buffer), 0U) << "the end stays the end";
  return content;
}

void write_in_pieces(base::Sink& sink, std::string_view content, std::size_t piece_bytes) {
  while (!content.empty()) {
    sink.write(base::as_bytes(content.substr(0, piece_bytes)));
    content.remove_prefix(std::min(piece_bytes, content.size()));
  }
}

std::string text_of(store::Store& store, const std::string& name) {
  return store::get_text(store, name, 1024 * 1024);
}

std::vector<std::string> blob_names(const store::Listing& listing) {
  std::vector<std::string> names;
  for (const store::BlobInfo& blob : listing.blobs) names.push_back(blob.name);
  return names;
}

template <typename Call>
void expect_code(Code code, Call call, const std::string& what) {
  try {
    call();
    ADD_FAILURE() << what << ": nothing was thrown";
  } catch (const base::Error& error) {
    EXPECT_EQ(code_name(error.code()), code_name(code)) << what << ": " << error.what();
  }
}

TEST_P(StoreContract, ANewStoreIsThereAndEmpty) {
  store().check();
  const store::Listing listing = store().list("");
  EXPECT_THAT(listing.blobs, IsEmpty());
  EXPECT_THAT(listing.folders, IsEmpty());
}

TEST_P(StoreContract, GivesBackWhatWasPut) {
  constexpr std::size_t kBlock = 64 * 1024;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1, 3 * 1024 * 1024 + kBlock}) {
    SCOPED_TRACE(size);
    const std::string content = content_of(size);
    const auto sink = store().put("a/b/blob");
    write_in_pieces(*sink, content, 100'000);
    sink->finish();
    EXPECT_EQ(store().size_bytes("a/b/blob"), size);
    EXPECT_TRUE(store().is_taken("a/b/blob"));
    // Not EXPECT_EQ: nobody wants megabytes in a failure's message.
    EXPECT_TRUE(read_in_pieces(store(), "a/b/blob", 70'001) == content);
  }
}

TEST_P(StoreContract, ReadsInPiecesAsSmallAsOneByte) {
  store::put_text(store(), "blob", "lifeboat");
  EXPECT_EQ(read_in_pieces(store(), "blob", 1), "lifeboat");
}

TEST_P(StoreContract, OpensABlobForReadingAnywhere) {
  const std::string content = content_of(100'000);
  store::put_text(store(), "a/blob", content);
  const auto source = store().open("a/blob");
  EXPECT_EQ(source->size_bytes(), content.size());
  base::Buffer buffer(1000);
  for (const std::size_t offset : {99'500U, 0U, 50'000U, 100'000U, 200'000U}) {
    const std::size_t count = source->read_at(offset, buffer);
    const std::string expected = offset < content.size() ? content.substr(offset, 1000) : "";
    EXPECT_EQ(base::as_text(base::Bytes(buffer).first(count)), expected) << offset;
  }
  try {
    store().open("a/none");
    FAIL() << "opened what is not there";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kNotFound);
  }
}

TEST_P(StoreContract, ABlobAppearsOnlyWhenItIsFinished) {
  const auto sink = store().put("folder/blob");
  sink->write(base::as_bytes("half of it"));
  EXPECT_THAT(store().list("folder").blobs, IsEmpty());
  EXPECT_EQ(store().size_bytes("folder/blob"), std::nullopt);
  expect_code(
      Code::kNotFound, [&] { store().get("folder/blob"); }, "get");
  sink->finish();
  EXPECT_THAT(blob_names(store().list("folder")), ElementsAre("blob"));
  EXPECT_EQ(text_of(store(), "folder/blob"), "half of it");
}

TEST_P(StoreContract, ADestroyedSinkLeavesNothing) {
  store().put("folder/blob")->write(base::as_bytes("never finished"));
  EXPECT_THAT(store().list("folder").blobs, IsEmpty());
  EXPECT_EQ(store().size_bytes("folder/blob"), std::nullopt);
}

TEST_P(StoreContract, FinishReplacesAnOlderBlobWhole) {
  store::put_text(store(), "a/blob", "the older and longer one");
  store::put_text(store(), "a/blob", "newer");
  EXPECT_EQ(text_of(store(), "a/blob"), "newer");
  EXPECT_THAT(blob_names(store().list("a")), ElementsAre("blob"));
}

TEST_P(StoreContract, ADestroyedSinkKeepsTheOlderBlob) {
  store::put_text(store(), "a/blob", "older");
  store().put("a/blob")->write(base::as_bytes("newer, but never finished"));
  EXPECT_EQ(text_of(store(), "a/blob"), "older");
}

void put_new_text(store::Store& store, const std::string& name, std::string_view text) {
  const auto sink = store.put_new(name);
  sink->write(base::as_bytes(text));
  sink->finish();
}

TEST_P(StoreContract, PutNewPutsWhatIsNew) {
  for (const std::size_t size : {0U, 1U, 250'000U}) {
    const std::string name = base::cat("a/", size);
    put_new_text(store(), name, content_of(size));
    EXPECT_TRUE(text_of(store(), name) == content_of(size)) << size;
  }
  store().put_new("a/given-up")->write(base::as_bytes("..."));
  EXPECT_EQ(store().size_bytes("a/given-up"), std::nullopt);
}

TEST_P(StoreContract, PutNewReplacesNothing) {
  store::put_text(store(), "a/blob", "older");
  for (const std::size_t size : {10U, 250'000U}) {
    expect_code(
        Code::kExists, [&] { put_new_text(store(), "a/blob", content_of(size)); }, "taken before");
  }
  const auto late = store().put_new("a/late");
  late->write(base::as_bytes("late"));
  store::put_text(*fixture_->second_view(), "a/late", "early");
  expect_code(
      Code::kExists, [&] { late->finish(); }, "taken meanwhile");
  EXPECT_EQ(text_of(store(), "a/blob"), "older");
  EXPECT_EQ(text_of(store(), "a/late"), "early");
  EXPECT_THAT(blob_names(store().list("a")), ElementsAre("blob", "late"));
}

TEST_P(StoreContract, AFingerprintStaysAsLongAsTheContent) {
  EXPECT_EQ(store().fingerprint("a/none"), std::nullopt);
  for (const std::size_t size : {10U, 250'000U}) {
    store::put_text(store(), "a/blob", content_of(size, 1));
    const auto before = store().fingerprint("a/blob");
    EXPECT_EQ(fixture_->second_view()->fingerprint("a/blob"), before);
    // A store far away from which nothing can be learned but by reading would be of little use.
    EXPECT_EQ(before.has_value(), store().is_remote());
    store::put_text(store(), "a/blob", content_of(size, 2));
    if (before) {
      EXPECT_NE(store().fingerprint("a/blob"), before);
    }
  }
}

TEST_P(StoreContract, ListsWhatIsDirectlyBelowSortedByName) {
  for (const char* name : {"z", "a/2/deep/er", "a/10", "a/9", "a/1/x", "b/only", "a.b"}) {
    store::put_text(store(), name, name);
  }
  if (!fixture_->finds_folders_of_folders()) store::put_text(store(), "a/2/near", "");
  const store::Listing top = store().list("");
  EXPECT_THAT(blob_names(top), ElementsAre("a.b", "z"));
  EXPECT_THAT(top.folders, ElementsAre("a", "b"));
  const store::Listing below = store().list("a");
  EXPECT_THAT(blob_names(below), ElementsAre("10", "9"));
  EXPECT_THAT(below.folders, ElementsAre("1", "2"));
  EXPECT_EQ(below.blobs[0].size_bytes, 4U);
  EXPECT_THAT(store().list("a/2").folders, ElementsAre("deep"));
  EXPECT_THAT(blob_names(store().list("a/2/deep")), ElementsAre("er"));
}

TEST_P(StoreContract, AnAbsentFolderIsAnEmptyOne) {
  store::put_text(store(), "a/blob", "");
  for (const char* folder : {"b", "a/b", "a/blob", "a/blob/c", "a/blo"}) {
    SCOPED_TRACE(folder);
    EXPECT_THAT(store().list(folder).blobs, IsEmpty());
    EXPECT_THAT(store().list(folder).folders, IsEmpty());
  }
}

TEST_P(StoreContract, SaysThatAnAbsentBlobIsNotThere) {
  store::put_text(store(), "a/b/blob", "");
  for (const char* name : {"nothing", "a", "a/b", "a/b/blo", "a/b/blob2", "a/b/blob/c"}) {
    EXPECT_EQ(store().size_bytes(name), std::nullopt) << name;
    expect_code(
        Code::kNotFound, [&] { store().get(name); }, name);
  }
}

TEST_P(StoreContract, RemovesOneBlobAndNoOther) {
  for (const char* name : {"a/x", "a/xy", "a/y", "x"}) store::put_text(store(), name, name);
  store().remove("a/x");
  EXPECT_EQ(store().size_bytes("a/x"), std::nullopt);
  EXPECT_THAT(blob_names(store().list("a")), ElementsAre("xy", "y"));
  EXPECT_THAT(blob_names(store().list("")), ElementsAre("x"));
}

TEST_P(StoreContract, RemovingWhatIsNotThereIsNoError) {
  store::put_text(store(), "a/x", "");
  for (const char* name : {"a/x", "a/x", "nothing", "no/such/folder/blob", "a"}) {
    EXPECT_NO_THROW(store().remove(name)) << name;
  }
  EXPECT_THAT(store().list("a").blobs, IsEmpty());
}

TEST_P(StoreContract, RemovingAFolderByTheNameOfABlobDoesNothing) {
  store::put_text(store(), "a/x", "kept");
  store().remove("a");
  EXPECT_EQ(text_of(store(), "a/x"), "kept");
}

TEST_P(StoreContract, RemovesAFolderWithEverythingBelowIt) {
  for (const char* name : {"a/b/1", "a/b/c/2", "a/b/c/d/3", "a/bc/4", "a/5"}) {
    store::put_text(store(), name, name);
  }
  store().remove_folder("a/b");
  EXPECT_THAT(store().list("a").folders, ElementsAre("bc"));
  EXPECT_THAT(blob_names(store().list("a")), ElementsAre("5"));
  EXPECT_EQ(store().size_bytes("a/b/c/d/3"), std::nullopt);
  EXPECT_EQ(text_of(store(), "a/bc/4"), "a/bc/4");
}

TEST_P(StoreContract, RemovingAFolderThatIsNotThereIsNoError) {
  store::put_text(store(), "a/b/c", "");
  store().remove_folder("a/b");
  for (const char* folder : {"a/b", "a/b/c/d", "nothing"}) {
    EXPECT_NO_THROW(store().remove_folder(folder)) << folder;
  }
}

TEST_P(StoreContract, RemoveFolderTakesUnfinishedBlobsToo) {
  store::put_text(store(), "a/b/finished", "");
  const auto sink = store().put("a/b/unfinished");
  sink->write(base::as_bytes("..."));
  store().remove_folder("a/b");
  EXPECT_THAT(store().list("a").folders, IsEmpty());
}

TEST_P(StoreContract, RemoveUnfinishedKeepsWhatIsFinished) {
  store::put_text(store(), "a/blob", "kept");
  store().remove_unfinished("a");
  store().remove_unfinished("");
  store().remove_unfinished("no/such/folder");
  EXPECT_EQ(text_of(store(), "a/blob"), "kept");
}

TEST_P(StoreContract, TakesOddNamesAsTheyAre) {
  const std::vector<std::string> names = {
      "-rf",       "a b", "a..b",     "lost+found", "x.db.zst",           "\xC3\xA9",
      "$(reboot)", "*",   "C:\\temp", "~",          std::string(200, 'n')};
  for (const std::string& name : names) {
    store::put_text(store(), "odd/" + name, name);
    EXPECT_EQ(text_of(store(), "odd/" + name), name);
  }
  EXPECT_EQ(store().list("odd").blobs.size(), names.size());
}

TEST_P(StoreContract, RefusesWhatIsNoName) {
  for (const std::string& name :
       {std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("a/../b"), std::string("../a"), std::string("a/./b"),
        std::string("a/.."), std::string("a\nb"), std::string("a/b\x7f"), std::string("a\0b", 3),
        std::string("/"), std::string("//")}) {
    const std::string shown = base::printable(name);
    expect_code(
        Code::kInvalid, [&] { store().put(name); }, "put " + shown);
    expect_code(
        Code::kInvalid, [&] { store().put_new(name); }, "put_new " + shown);
    expect_code(
        Code::kInvalid, [&] { store().fingerprint(name); }, "fingerprint " + shown);
    expect_code(
        Code::kInvalid, [&] { store().get(name); }, "get " + shown);
    expect_code(
        Code::kInvalid, [&] { store().size_bytes(name); }, "size_bytes " + shown);
    expect_code(
        Code::kInvalid, [&] { store().remove(name); }, "remove " + shown);
    expect_code(
        Code::kInvalid, [&] { store().list(name); }, "list " + shown);
    expect_code(
        Code::kInvalid, [&] { store().remove_folder(name); }, "remove_folder " + shown);
    expect_code(
        Code::kInvalid, [&] { store().remove_unfinished(name); }, "unfinished " + shown);
    expect_code(
        Code::kInvalid, [&] { store().lock(name); }, "lock " + shown);
  }
}

// "" is the whole store where there is something to see, and nothing where there is much to lose.
TEST_P(StoreContract, RefusesTheEmptyNameForAllButListing) {
  expect_code(
      Code::kInvalid, [&] { store().put(""); }, "put");
  expect_code(
      Code::kInvalid, [&] { store().get(""); }, "get");
  expect_code(
      Code::kInvalid, [&] { store().size_bytes(""); }, "size_bytes");
  expect_code(
      Code::kInvalid, [&] { store().remove(""); }, "remove");
  expect_code(
      Code::kInvalid, [&] { store().remove_folder(""); }, "remove_folder");
  expect_code(
      Code::kInvalid, [&] { store().lock(""); }, "lock");
}

TEST_P(StoreContract, ALockKeepsEverybodyElseOut) {
  const auto other = fixture_->second_view();
  auto lock = store().lock("prod/.lock");
  expect_code(
      Code::kBusy, [&] { other->lock("prod/.lock"); }, "another view");
  expect_code(
      Code::kBusy, [&] { store().lock("prod/.lock"); }, "the same view");
  lock.reset();
  const auto again = other->lock("prod/.lock");
  expect_code(
      Code::kBusy, [&] { store().lock("prod/.lock"); }, "the first view, later");
}

TEST_P(StoreContract, LocksOfDifferentNamesAreIndependent) {
  const auto lock = store().lock("prod/.lock");
  EXPECT_NO_THROW(store().lock("test/.lock"));
  EXPECT_NO_THROW(store().lock(".lock"));
}

TEST_P(StoreContract, ALockIsNoBlobAndKeepsNobodyFromReadingAndWriting) {
  const auto lock = store().lock("prod/.lock");
  store::put_text(store(), "prod/blob", "written");
  EXPECT_THAT(blob_names(store().list("prod")), ElementsAre("blob"));
  EXPECT_EQ(text_of(*fixture_->second_view(), "prod/blob"), "written");
}

TEST_P(StoreContract, AnotherViewSeesTheSame) {
  const auto other = fixture_->second_view();
  store::put_text(store(), "a/x", "1");
  EXPECT_EQ(text_of(*other, "a/x"), "1");
  other->remove("a/x");
  EXPECT_EQ(store().size_bytes("a/x"), std::nullopt);
}

TEST_P(StoreContract, GetTextEndsAtItsLimit) {
  store::put_text(store(), "text", "12345678");
  EXPECT_EQ(store::get_text(store(), "text", 8), "12345678");
  expect_code(
      Code::kCorrupt, [&] { store::get_text(store(), "text", 7); }, "one byte too long");
  expect_code(
      Code::kNotFound, [&] { store::get_text(store(), "other", 7); }, "absent");
}

TEST_P(StoreContract, TwoThreadsPutSideBySide) {
  constexpr int kBlobs = 20;
  const auto put_many = [this](const std::string& prefix, std::uint32_t seed) {
    for (int i = 0; i < kBlobs; ++i) {
      const std::string folder = base::cat("shared/", i, "/");
      store::put_text(store(), folder + prefix, content_of(10'000, seed));
    }
  };
  auto first = std::async(std::launch::async, [&] { put_many("first", 1); });
  auto second = std::async(std::launch::async, [&] { put_many("second", 2); });
  first.get();
  second.get();
  ASSERT_EQ(store().list("shared").folders.size(), std::size_t{kBlobs});
  for (int i = 0; i < kBlobs; ++i) {
    const std::string folder = base::cat("shared/", i, "/");
    EXPECT_TRUE(text_of(store(), folder + "first") == content_of(10'000, 1));
    EXPECT_TRUE(text_of(store(), folder + "second") == content_of(10'000, 2));
  }
}

}  // namespace
}  // namespace lifeboat::testing
