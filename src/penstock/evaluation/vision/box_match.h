#pragma once

#include <limits>
#include <string>
#include <vector>

#include "penstock/evaluation/label_prediction_pairs.h"

namespace penstock::evaluation {

/// A box around an object: left <= right, top <= bottom.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  double class_id = 0;
  double confidence = 0;  ///< Of a detection.

  double Area() const { return (right - left) * (bottom - top); }
};

/// Area of what two boxes share over the area of both together; 0 where both are empty.
double IntersectionOverUnion(const Box& a, const Box& b);

/// How detections of one class are held against the objects of an image (COCO's way, as TFMA does it).
struct BoxMatching {
  int class_id = 0;
  double iou_threshold = 0.5;
  double min_area = 0, max_area = std::numeric_limits<double>::infinity();  ///< Inclusive.
  int64_t max_num_detections = 0;                                           ///< An image; 0: all.
  double class_weight = 1;

  /// Columns that are left, top, right, bottom and class id when put side by side; one may hold several.
  std::vector<std::string> label_columns;
  /// The same and the confidence.
  std::vector<std::string> prediction_columns;
  std::string num_detections_column;  ///< How many of an example's detections count; "": all.
  bool allows_missing_columns = false;

  /// Identifies what is matched.
  std::string Fingerprint() const;
};

/// Appends label, score and `weight` of each object and each detection of the class: a matched object is a
/// positive with its detection's confidence, an unmatched one a positive with 0, an unmatched detection
/// within the areas a negative. Detections choose in order of falling confidence; each takes the free object
/// that it overlaps most. kInvalidArgument for a box whose right is left of its left, or bottom above its
/// top.
Status MatchBoxes(std::vector<Box> objects, std::vector<Box> detections, const BoxMatching& matching,
                  double weight, LabelPredictionPairs& into);

/// Pairs of all rows; a row without boxes is an image without objects or detections. kInvalidArgument where
/// columns do not make up whole boxes (names the row).
PairMaker MakeBoxPairs(BoxMatching matching);

}  // namespace penstock::evaluation
