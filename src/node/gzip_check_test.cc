#include "node/gzip_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "node/archive_check.h"
#include "node/tar_writer.h"
#include "testing/error_of.h"

namespace lifeboat::node {
namespace {

using base::as_bytes;
using base::Code;
using testing::error_of;
using ::testing::HasSubstr;

class TextSink : public base::Sink {
 public:
  void write(base::Bytes bytes) override { text += base::as_text(bytes); }
  void finish() override {}

  std::string text;
};

// A file that does not compress, so that a changed byte of it unpacks to just that.
std::string archive() {
  std::string content(100'000, '\0');
  std::uint32_t state = 1;
  for (char& byte : content) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  TextSink sink;
  TarWriter tar(sink, Compression::kGzip);
  TarEntry entry;
  entry.name = "static-pod-resources/file";
  entry.size_bytes = content.size();
  tar.begin_file(entry);
  tar.write(as_bytes(content));
  tar.finish();
  return sink.text;
}

void check(const std::string& content) {
  base::MemorySource source(as_bytes(content));
  check_gzip(source, {});
}

TEST(GzipCheck, PassesWhatIsWhole) {
  EXPECT_NO_THROW(check(archive()));
  EXPECT_NO_THROW(check("not compressed at all"));
  EXPECT_NO_THROW(check(""));
}

TEST(GzipCheck, FindsWhatTarAloneDoesNot) {
  struct Damage {
    const char* name;
    std::function<void(std::string*)> make;
  };
  const Damage kinds[] = {
      {"a byte of a file", [](std::string* text) { (*text)[50'000] ^= 1; }},
      {"the checksum", [](std::string* text) { (*text)[text->size() - 8] ^= 1; }},
      {"the length", [](std::string* text) { text->back() ^= 1; }},
      {"the end", [](std::string* text) { text->pop_back(); }},
      {"something behind it", [](std::string* text) { *text += "more"; }},
  };
  for (const auto& [name, make] : kinds) {
    std::string damaged = archive();
    make(&damaged);
    EXPECT_EQ(error_of([&] { check(damaged); }).code(), Code::kCorrupt) << name;
    base::MemorySource source(as_bytes(damaged));
    EXPECT_EQ(error_of([&] { check_archive(source, {}); }).code(), Code::kCorrupt) << name;
  }
}

TEST(GzipCheck, RefusesAStump) {
  EXPECT_THAT(error_of([] { check("\x1F\x8B"); }).what(), HasSubstr("its end is missing"));
  EXPECT_EQ(error_of([] { check("\x1F\x8B, and nothing of gzip"); }).code(), Code::kCorrupt);
}

TEST(GzipCheck, StopsOnRequest) {
  const std::string content = archive();
  base::MemorySource source(as_bytes(content));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] { check_gzip(source, stop.get_token()); }).code(), Code::kCancelled);
}

}  // namespace
}  // namespace lifeboat::node
