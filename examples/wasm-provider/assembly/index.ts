// What koi calls. Bytes come in at the place that koi_alloc gave, and go out as place and length.

import { build } from "./build";
import { Json, parse } from "./json";
import { read } from "./parse";

let given: usize = 0;
let made = new ArrayBuffer(0);

/** Room for the input of the next call. Nothing of the last call is needed any more. */
export function koi_alloc(length: i32): i32 {
  made = new ArrayBuffer(0);
  if (given) heap.free(given);
  __collect();
  given = heap.alloc(length);
  return given as i32;
}

export function build_request(place: i32, length: i32): i64 {
  return answer(build(input(place, length)));
}

export function parse_event(place: i32, length: i32): i64 {
  return answer(read(input(place, length)));
}

function input(place: i32, length: i32): Json {
  return parse(String.UTF8.decodeUnsafe(place, length))!;
}

function answer(text: string): i64 {
  made = String.UTF8.encode(text);
  return ((changetype<usize>(made) as i64) << 32) | made.byteLength;
}
