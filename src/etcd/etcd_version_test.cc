#include "etcd/etcd_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::etcd {
namespace {

using ::testing::HasSubstr;

TEST(EtcdVersion, IsMajorAndMinor) {
  for (const char* text : {"3.5", "3.5.0", "3.5.30", "v3.5", "v3.5.30"}) {
    EXPECT_EQ(parse_etcd_version(text).text(), "3.5") << text;
  }
  EXPECT_LT(parse_etcd_version("3.9"), parse_etcd_version("3.10"));
}

TEST(EtcdVersion, RefusesWhatIsNone) {
  for (const char* text : {"", "v", "3", "3.", ".5", "3..5", "3.5.", "3.5.1.2", "3.x", "3.5-rc.0",
                           "3.-5", "+3.5", " 3.5", "3.5 ", "99999999999.5", "vv3.5"}) {
    try {
      parse_etcd_version(text);
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kInvalid);
    }
  }
}

TEST(VersionStep, IsTheSameMinorVersionOrTheNext) {
  for (const char* version : {"3.4", "3.5", "3.6", "3.7"}) {
    EXPECT_EQ(target_version({version, ""}).text(), version);
    EXPECT_EQ(target_version({version, version}).text(), version);
  }
  EXPECT_EQ(target_version({"3.4", "3.5"}).text(), "3.5");
  EXPECT_EQ(target_version({"3.5", "3.6.14"}).text(), "3.6");
  EXPECT_EQ(target_version({"3.6", "3.7"}).text(), "3.7");
}

TEST(VersionStep, SaysWhyAnyOtherIsRefused) {
  struct Case {
    VersionStep step;
    const char* reason;
  };
  for (const Case& refused : {
           Case{{"3.5", "3.4"}, "an etcd takes no data of a newer one"},
           Case{{"3.7", "3.6"}, "an etcd takes no data of a newer one"},
           Case{{"3.4", "3.6"}, "etcd upgrades by one minor version at a time"},
           Case{{"3.4", "3.7"}, "etcd upgrades by one minor version at a time"},
           Case{{"3.3", "3.3"}, "no restore is known for etcd 3.3"},
           Case{{"3.7", "3.8"}, "no restore is known for etcd 3.8"},
           Case{{"3.8", ""}, "no restore is known for etcd 3.8"},
           Case{{"3.5", "4.5"}, "no restore is known for etcd 4.5"},
       }) {
    try {
      target_version(refused.step);
      ADD_FAILURE() << refused.step.snapshot << " to " << refused.step.target;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kUnsupported);
      EXPECT_THAT(error.what(), HasSubstr(refused.reason));
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

}  // namespace
}  // namespace lifeboat::etcd
