#include "core/timeline.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

struct Pressure {
  double value = 0.0;
};
using Course = Timeline<Pressure>;

Course three_segments() {
  Course course(5.0);
  course.append(10.0, {0.0}, "baseline", 0);
  course.append(1.5, {60.0}, "set", 1);
  course.append(30.0, {20.0}, "rest", 2);
  return course;
}

TEST(Timeline, SegmentsFollowEachOther) {
  const Course course = three_segments();
  ASSERT_EQ(course.size(), 3U);
  EXPECT_EQ(course.begin(), 5.0);
  EXPECT_EQ(course.end(), 46.5);
  EXPECT_EQ(course.duration(), 41.5);
  for (std::size_t i = 1; i < course.size(); ++i)
    EXPECT_EQ(course[i].begin, course[i - 1].end);
}

TEST(Timeline, BreakpointBelongsToTheLaterSegment) {
  const Course course = three_segments();
  EXPECT_EQ(course.segment_at(5.0).label, "baseline");
  EXPECT_EQ(course.segment_at(std::nextafter(15.0, 0.0)).label, "baseline");
  EXPECT_EQ(course.segment_at(15.0).label, "set");
  EXPECT_EQ(course.segment_at(16.5).label, "rest");
  EXPECT_EQ(course.segment_at(16.5).controls.value, 20.0);
}

TEST(Timeline, OnlyTheLastSegmentOwnsItsEnd) {
  const Course course = three_segments();
  EXPECT_EQ(course.index_at(46.5), 2U);
  EXPECT_THROW(course.index_at(std::nextafter(46.5, 100.0)), std::out_of_range);
  EXPECT_THROW(course.index_at(std::nextafter(5.0, 0.0)), std::out_of_range);
  EXPECT_THROW(course.index_at(std::numeric_limits<double>::quiet_NaN()), std::out_of_range);
  EXPECT_THROW(Course().index_at(0.0), std::out_of_range);
}

TEST(Timeline, RefusesDurationsThatAreNotPositiveAndFinite) {
  Course course = three_segments();
  for (const double duration : {0.0, -5.0, std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity(), std::numeric_limits<double>::denorm_min()})
    EXPECT_THROW(course.append(duration, {}), std::invalid_argument) << duration;
  EXPECT_EQ(course.size(), 3U);
  EXPECT_THROW(Course(std::numeric_limits<double>::infinity()), std::invalid_argument);
}

TEST(Timeline, ReportsEveryGapOverlapAndEmptySegmentAtOnce) {
  const std::vector<Segment<Pressure>> segments{
      {0.0, 1.0, {}, "first"}, {1.5, 2.0, {}, "gap"}, {1.9, 3.0, {}, "overlap"}, {3.0, 3.0, {}, "nothing"}};
  try {
    const Course course(segments);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& problem) {
    const std::string text = problem.what();
    EXPECT_NE(text.find("segment 1 (gap)"), std::string::npos) << text;
    EXPECT_NE(text.find("segment 2 (overlap)"), std::string::npos) << text;
    EXPECT_NE(text.find("segment 3 (nothing)"), std::string::npos) << text;
    EXPECT_EQ(text.find("(first)"), std::string::npos) << text;
  }
}

TEST(Timeline, TakesContiguousSegments) {
  const Course course(std::vector<Segment<Pressure>>{{2.0, 3.0, {1.0}, "a"}, {3.0, 7.0, {2.0}, "b", 4}});
  EXPECT_EQ(course.begin(), 2.0);
  EXPECT_EQ(course.end(), 7.0);
  EXPECT_EQ(course.segment_at(3.0).group, 4);
}

} // namespace
} // namespace limbflow::core
