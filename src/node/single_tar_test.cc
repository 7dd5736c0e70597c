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

// Of one file "a", with these bytes at that place of its header, whose sum is right again.
std::string archive_with_header_bytes(std::size_t offset, const std::string& bytes) {
  TextSink sink;
  TarWriter tar(sink);
  add_file(tar, "a", "x");
  tar.finish();
  std::string& archive = sink.text;
  archive.replace(offset, bytes.size(), bytes);
  archive.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(archive[i]);
  std::string digits;
  for (; digits.size() < 6; sum /= 8) {
    digits.insert(digits.begin(), static_cast<char>('0' + sum % 8));
  }
  archive.replace(148, 8, digits + std::string("\0 ", 2));
  return archive;
}

// A time that no calendar has, in GNU tar's notation for large numbers: the sign bit and nine bytes
// of a time field of twelve.
TEST(TarReader, SurvivesATimeBeyondAllCalendars) {
  const std::string time("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
  const std::string archive = archive_with_header_bytes(136, time);
  base::MemorySource source(as_bytes(archive));
  EXPECT_EQ(base::format_time(TarReader(source, {}).next().value().header.modified),
            "9999-12-31T23:59:59.000Z");
}

// Whether an archive of these entries is taken; "a -> b" is a link, "a = b" one more name.
std::string refusal_of(const std::vector<std::string>& entries) {
  const auto archive = archive_of([&](TarWriter& tar) {
    for (const std::string& entry : entries) {
      const std::size_t arrow = entry.find(" -> ");
      const std::size_t equals = entry.find(" = ");
      if (arrow != entry.npos) {
        tar.add_symlink({.name = entry.substr(0, arrow), .modified = {}}, entry.substr(arrow + 4));
      } else if (equals != entry.npos) {
        tar.add_hard_link({.name = entry.substr(0, equals), .modified = {}},
                          entry.substr(equals + 3));
      } else if (entry.ends_with('/')) {
        tar.add_folder({.name = entry.substr(0, entry.size() - 1), .modified = {}});
      } else {
        add_file(tar, entry, "123");
      }
    }
  });
  base::MemorySource source(as_bytes(archive));
  try {
    check_archive(source, {});
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), Code::kCorrupt);
    return error.what();
  }
}

TEST(ArchiveCheck, TakesWhatStaysInItsFolder) {
  const std::vector<std::string> archives[] = {
      {"a/", "a/b", "./c/./d", "e//f"},
      {"pki -> ssl", "ssl/", "ssl/ca.crt", "pki-2/x"},
      {"out -> /etc/passwd", "up -> ../../..", "out-again = out"},
      {"a", "b = a", "..a", "b../c", "a.../d"},
      {"dir/link -> elsewhere", "dir/linked/x", "link/x"},
  };
  for (const auto& entries : archives) EXPECT_EQ(refusal_of(entries), "") << entries.front();
}

TEST(ArchiveCheck, RefusesWhatWouldLeaveTheFolderItIsUnpackedIn) {
  const std::pair<std::vector<std::string>, const char*> archives[] = {
      {{"a", "/etc/cron.d/x"}, "absolute name"},
      {{"a", "b = /etc/passwd"}, "absolute name"},
      {{"../x"}, "leads out"},
      {{"a/../../x"}, "leads out"},
      {{"a/.."}, "leads out"},
      {{"a", "b = ../passwd"}, "leads out"},
      {{"l -> /etc", "l/cron.d/x"}, "below the link l"},
      {{"./d//l -> ..", "d/l/x"}, "below the link d/l"},
      {{"l -> /etc", "m = l", "m/x"}, "below the link m"},
      {{"l -> /etc", "b = l/passwd"}, "below the link l"},
  };
  for (const auto& [entries, why] : archives) {
    EXPECT_THAT(refusal_of(entries), HasSubstr(why)) << entries.back();
  }
}

TEST(ArchiveCheck, RefusesADeviceAndAPipe) {
  constexpr std::size_t kType = 156;
  for (const char* type : {"3", "4", "6"}) {
    const std::string archive = archive_with_header_bytes(kType, type);
    base::MemorySource source(as_bytes(archive));
    EXPECT_THAT(error_of([&] { check_archive(source, {}); }).what(),
                HasSubstr("a in it is neither file, folder nor link"));
  }
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
