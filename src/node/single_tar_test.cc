#include "node/single_tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "node/archive_check.h"
#include "node/tar_reader.h"
#include "testing/error_of.h"

namespace lifeboat::node {
namespace {

using base::as_bytes;
using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

class TextSink : public base::Sink {
 public:
  void write(base::Bytes bytes) override { text += base::as_text(bytes); }
  void finish() override {}

  std::string text;
};

TarEntry entry(std::string name, std::uint64_t size_bytes = 0) {
  return {.name = std::move(name),
          .size_bytes = size_bytes,
          .mode = 0640,
          .modified = *base::parse_time("2020-04-15T09:20:32Z"),
          .owner = {1001, 1002},
          .user_name = "core",
          .group_name = "wheel"};
}

void add_file(TarWriter& tar, std::string name, std::string_view content) {
  tar.begin_file(entry(std::move(name), content.size()));
  tar.write(as_bytes(content));
}

std::string archive_of(const std::function<void(TarWriter&)>& fill) {
  TextSink sink;
  TarWriter tar(sink, Compression::kGzip);
  fill(tar);
  tar.finish();
  return sink.text;
}

// As etcd-snapshot-backup.sh of OpenShift 4.3 makes it.
std::string usual_archive() {
  return archive_of([](TarWriter& tar) {
    tar.add_folder(entry("static-pod-resources/kube-apiserver-pod-13"));
    add_file(tar, "static-pod-resources/kube-apiserver-pod-13/secrets/tls.key", "secret");
    add_file(tar, "static-pod-resources/kube-apiserver-pod-13/snapshot.db", "not this one");
    add_file(tar, "snapshot.db", std::string(300'000, 's'));
    tar.add_symlink(entry("static-pod-resources/link"), "/etc/hosts");
    tar.add_hard_link(entry("static-pod-resources/again"),
                      "static-pod-resources/kube-apiserver-pod-13/secrets/tls.key");
    add_file(tar, "static-pod-resources/n\xC3\xA4me \xFF", "bytes");
  });
}

std::string snapshot_of(const std::string& archive) {
  base::MemorySource source(as_bytes(archive));
  TextSink sink;
  copy_snapshot(source, examine_single_tar(source, {}), sink, {});
  return sink.text;
}

std::string others_of(const std::string& archive) {
  base::MemorySource source(as_bytes(archive));
  TextSink sink;
  copy_other_entries(source, examine_single_tar(source, {}), sink, {});
  return sink.text;
}

std::vector<std::string> names_in(const std::string& archive) {
  base::MemorySource source(as_bytes(archive));
  TarReader tar(source, {});
  std::vector<std::string> names;
  while (const auto each = tar.next()) names.push_back(each->header.name);
  return names;
}

TEST(SingleTar, KnowsItsSnapshot) {
  const std::string archive = usual_archive();
  base::MemorySource source(as_bytes(archive));
  const SingleTar contents = examine_single_tar(source, {});
  EXPECT_EQ(contents.snapshot_name, "snapshot.db");
  EXPECT_EQ(contents.snapshot_bytes, 300'000U);
  EXPECT_EQ(contents.other_entries, 6U);
}

TEST(SingleTar, GivesTheSnapshotAsItIs) {
  EXPECT_TRUE(snapshot_of(usual_archive()) == std::string(300'000, 's'));
}

TEST(SingleTar, RepacksTheRestWithAllThatIsKnownOfIt) {
  const std::string rest = others_of(usual_archive());
  EXPECT_THAT(names_in(rest),
              ElementsAre("static-pod-resources/kube-apiserver-pod-13",
                          "static-pod-resources/kube-apiserver-pod-13/secrets/tls.key",
                          "static-pod-resources/kube-apiserver-pod-13/snapshot.db",
                          "static-pod-resources/link", "static-pod-resources/again",
                          "static-pod-resources/n\xC3\xA4me \xFF"));
  base::MemorySource source(as_bytes(rest));
  TarReader tar(source, {});
  tar.next();
  const auto key = tar.next().value();
  EXPECT_EQ(key.type, ArchivedEntry::Type::kFile);
  EXPECT_EQ(key.header.mode, 0640U);
  EXPECT_EQ(key.header.owner, (os::Owner{1001, 1002}));
  EXPECT_EQ(key.header.user_name, "core");
  EXPECT_EQ(key.header.group_name, "wheel");
  EXPECT_EQ(base::format_time(key.header.modified), "2020-04-15T09:20:32.000Z");
  EXPECT_EQ(base::as_text(tar.read()), "secret");
  tar.next();
  const auto link = tar.next().value();
  EXPECT_EQ(link.type, ArchivedEntry::Type::kSymlink);
  EXPECT_EQ(link.target, "/etc/hosts");
  const auto again = tar.next().value();
  EXPECT_EQ(again.type, ArchivedEntry::Type::kHardLink);
  EXPECT_EQ(again.target, "static-pod-resources/kube-apiserver-pod-13/secrets/tls.key");
  EXPECT_TRUE(check_archive(source, {}).is_openshifts);
}

TEST(SingleTar, MakesTheSameRestAgain) {
  EXPECT_EQ(others_of(usual_archive()), others_of(usual_archive()));
}

TEST(SingleTar, MayHaveItsSnapshotInAFolderOrUnderAStamp) {
  for (const char* name : {"./snapshot.db", "backup/snapshot_2020-04-15_092032.db"}) {
    const auto archive = archive_of([&](TarWriter& tar) { add_file(tar, name, "database"); });
    EXPECT_EQ(snapshot_of(archive), "database") << name;
  }
}

TEST(SingleTar, RefusesWhatIsNone) {
  struct Case {
    std::string archive;
    const char* why;
  };
  std::string cut = usual_archive();
  cut.resize(cut.size() / 2);
  const Case cases[] = {
      {"", "no whole tar archive"},
      {"garbage that is long enough to be looked at by everybody", "no whole tar archive"},
      {cut, "no whole tar archive"},
      {archive_of([](TarWriter& tar) { add_file(tar, "static-pod-resources/a", "x"); }),
       "holds no snapshot.db"},
      {archive_of([](TarWriter& tar) { tar.add_symlink(entry("snapshot.db"), "/etc/shadow"); }),
       "holds no snapshot.db"},
      {archive_of([](TarWriter& tar) {
         add_file(tar, "snapshot.db", "one");
         add_file(tar, "other/snapshot.db", "two");
       }),
       "two snapshots, snapshot.db and other/snapshot.db"},
  };
  for (const auto& [archive, why] : cases) {
    base::MemorySource source(as_bytes(archive));
    const base::Error error = error_of([&] { examine_single_tar(source, {}); });
    EXPECT_EQ(error.code(), Code::kCorrupt) << why;
    EXPECT_THAT(error.what(), HasSubstr(why));
  }
}

TEST(SingleTar, NoticesThatItChanged) {
  const std::string archive = archive_of([](TarWriter& tar) { add_file(tar, "snapshot.db", "x"); });
  base::MemorySource source(as_bytes(archive));
  const SingleTar contents{.snapshot_name = "snapshot.db", .snapshot_bytes = 2, .other_entries = 3};
  TextSink sink;
  EXPECT_EQ(error_of([&] { copy_snapshot(source, contents, sink, {}); }).code(), Code::kCorrupt);
  EXPECT_EQ(error_of([&] { copy_other_entries(source, contents, sink, {}); }).code(),
            Code::kCorrupt);
  EXPECT_EQ(sink.text.find("snapshot"), std::string::npos);
}

TEST(SingleTar, StopsOnRequest) {
  const std::string archive = usual_archive();
  base::MemorySource source(as_bytes(archive));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { examine_single_tar(source, stop.get_token()); }).code(),
            Code::kCancelled);
}

// A time that no calendar has, in GNU tar's notation for large numbers: the sign bit and nine bytes
// of a time field of twelve.
TEST(TarReader, SurvivesATimeBeyondAllCalendars) {
  TextSink sink;
  TarWriter tar(sink);
  add_file(tar, "a", "x");
  tar.finish();
  std::string& archive = sink.text;
  archive.replace(136, 12, std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12));
  archive.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[i]);
  std::string digits;
  for (; digits.size() < 6; sum /= 8) {
    digits.insert(digits.begin(), static_cast<char>('0' + sum % 8));
  }
  archive.replace(148, 8, digits + std::string("\0 ", 2));
  base::MemorySource source(as_bytes(archive));
  EXPECT_EQ(base::format_time(TarReader(source, {}).next().value().header.modified),
            "9999-12-31T23:59:59.000Z");
}

TEST(ArchiveCheck, CountsAndKnowsOpenShiftsOwn) {
  const auto contents_of = [](const char* name) {
    const auto archive = archive_of([&](TarWriter& tar) { add_file(tar, name, "123"); });
    base::MemorySource source(as_bytes(archive));
    return check_archive(source, {});
  };
  EXPECT_EQ(contents_of("a").entries, 1U);
  EXPECT_EQ(contents_of("a").file_bytes, 3U);
  EXPECT_TRUE(contents_of("static-pod-resources/a").is_openshifts);
  EXPECT_TRUE(contents_of("./static-pod-resources/a").is_openshifts);
  for (const char* name : {"manifests/a", "static-pod-resources-2/a", "x/static-pod-resources/a"}) {
    EXPECT_FALSE(contents_of(name).is_openshifts) << name;
  }
}

}  // namespace
}  // namespace lifeboat::node
