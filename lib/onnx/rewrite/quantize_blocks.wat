;; Quantizes blocks of 32 values. The bits are those of quantized_weight.ts.
;; To compile it: deno run --no-lock --allow-read --allow-env --allow-write=. \
;;   npm:wabt@1.0.37/wat2wasm quantize_blocks.wat -o quantize_blocks.wasm
;; Sizes of `count` are values, a multiple of 32; pointers are multiples of 16.
(module
  (memory (export "memory") 16)

  ;; Writes the pattern of the value with the largest magnitude of each block of float16, the first
  ;; one of several; 0 for a block of zeros. Returns the largest magnitude of all as a pattern:
  ;; from 0x7c00 on, a value is infinite or no number, and the results are not to be used.
  (func (export "extremesOfHalves") (param $from i32) (param $count i32) (param $to i32)
    (result i32)
    (local $end i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $max v128) (local $largest i32) (local $all i32) (local $mask i32)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 1))))
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $max (v128.const i16x8 32767 32767 32767 32767 32767 32767 32767 32767))
        (local.set $a (v128.and (v128.load (local.get $from)) (local.get $max)))
        (local.set $b (v128.and (v128.load offset=16 (local.get $from)) (local.get $max)))
        (local.set $c (v128.and (v128.load offset=32 (local.get $from)) (local.get $max)))
        (local.set $d (v128.and (v128.load offset=48 (local.get $from)) (local.get $max)))
        (local.set $max
          (i16x8.max_s
            (i16x8.max_s (local.get $a) (local.get $b))
            (i16x8.max_s (local.get $c) (local.get $d))))
        (local.set $max (i16x8.max_s (local.get $max)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $max) (local.get $max))))
        (local.set $max (i16x8.max_s (local.get $max)
          (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $max) (local.get $max))))
        (local.set $max (i16x8.max_s (local.get $max)
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $max) (local.get $max))))
        (local.set $largest (i16x8.extract_lane_u 0 (local.get $max)))
        (if (i32.gt_u (local.get $largest) (local.get $all))
          (then (local.set $all (local.get $largest))))
        (local.set $mask
          (i32.or
            (i32.or
              (i16x8.bitmask (i16x8.eq (local.get $a) (local.get $max)))
              (i32.shl
                (i16x8.bitmask (i16x8.eq (local.get $b) (local.get $max))) (i32.const 8)))
            (i32.or
              (i32.shl
                (i16x8.bitmask (i16x8.eq (local.get $c) (local.get $max))) (i32.const 16))
              (i32.shl
                (i16x8.bitmask (i16x8.eq (local.get $d) (local.get $max))) (i32.const 24)))))
        (i32.store16 (local.get $to)
          (select
            (i32.load16_u
              (i32.add (local.get $from) (i32.shl (i32.ctz (local.get $mask)) (i32.const 1))))
            (i32.const 0)
            (local.get $largest)))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br $blocks)))
    (local.get $all))

  ;; The same for float32, as patterns of 32 bits. The results count below 0x7f800000.
  (func (export "extremesOfFloats") (param $from i32) (param $count i32) (param $to i32)
    (result i32)
    (local $end i32) (local $blockEnd i32) (local $at i32) (local $first i32)
    (local $max v128) (local $largest i32) (local $all i32) (local $mask i32)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $from) (i32.const 128)))
        (local.set $at (local.get $from))
        (local.set $max (v128.const i32x4 0 0 0 0))
        (loop $fours
          (local.set $max (i32x4.max_s (local.get $max) (call $magnitudes (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $fours (i32.lt_u (local.get $at) (local.get $blockEnd))))
        (local.set $max (i32x4.max_s (local.get $max)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $max) (local.get $max))))
        (local.set $max (i32x4.max_s (local.get $max)
          (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $max) (local.get $max))))
        (local.set $largest (i32x4.extract_lane 0 (local.get $max)))
        (if (i32.gt_u (local.get $largest) (local.get $all))
          (then (local.set $all (local.get $largest))))
        ;; From the last four to the first.
        (loop $fours
          (local.set $at (i32.sub (local.get $at) (i32.const 16)))
          (local.set $mask
            (i32x4.bitmask (i32x4.eq (call $magnitudes (local.get $at)) (local.get $max))))
          (if (local.get $mask)
            (then
              (local.set $first
                (i32.add (local.get $at)
                  (i32.shl (i32.ctz (local.get $mask)) (i32.const 2))))))
          (br_if $fours (i32.gt_u (local.get $at) (local.get $from))))
        (i32.store (local.get $to)
          (select (i32.load (local.get $first)) (i32.const 0) (local.get $largest)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (local.set $from (local.get $blockEnd))
        (br $blocks)))
    (local.get $all))

  (func $magnitudes (param $from i32) (result v128)
    (v128.and (v128.load (local.get $from))
      (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff)))

  ;; Converts float16 to float32; only finite values.
  (func (export "widen") (param $from i32) (param $count i32) (param $to i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 1))))
    (block $done
      (loop $values
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        ;; Sign, exponent and fraction get their places; the factor 2^112 mends the exponent, also
        ;; of subnormal values.
        (v128.store (local.get $to)
          (f32x4.mul
            (v128.and
              (i32x4.shr_s
                (i32x4.shl (i32x4.extend_low_i16x8_u (v128.load64_zero (local.get $from)))
                  (i32.const 16))
                (i32.const 3))
              (v128.const i32x4 0x8fffe000 0x8fffe000 0x8fffe000 0x8fffe000))
            (v128.const f32x4 0x1p112 0x1p112 0x1p112 0x1p112)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $values))))

  ;; Returns value * inverse + bias of four values of float32, in float64 and truncated.
  (func $levels (param $x v128) (param $inverse v128) (param $bias v128) (result v128)
    ;; The sum with 1.5 * 2^52 has the integer in its lower half.
    (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
      (f64x2.add
        (f64x2.trunc
          (f64x2.add
            (f64x2.mul (f64x2.promote_low_f32x4 (local.get $x)) (local.get $inverse))
            (local.get $bias)))
        (v128.const f64x2 6755399441055744 6755399441055744))
      (f64x2.add
        (f64x2.trunc
          (f64x2.add
            (f64x2.mul
              (f64x2.promote_low_f32x4
                (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15
                  (local.get $x) (local.get $x)))
              (local.get $inverse))
            (local.get $bias)))
        (v128.const f64x2 6755399441055744 6755399441055744))))

  ;; Quantizes a block with quotients of float64.
  (func $exact4 (param $from i32) (param $inverse v128) (param $to i32)
    (local $end i32) (local $w v128)
    (local.set $end (i32.add (local.get $from) (i32.const 128)))
    (loop $values
      (local.set $w
        (v128.and
          (i16x8.min_s
            (i16x8.narrow_i32x4_s
              (call $levels (v128.load (local.get $from)) (local.get $inverse)
                (v128.const f64x2 8.5 8.5))
              (call $levels (v128.load offset=16 (local.get $from)) (local.get $inverse)
                (v128.const f64x2 8.5 8.5)))
            (v128.const i16x8 15 15 15 15 15 15 15 15))
          (v128.const i16x8 255 255 255 255 255 255 255 255)))
      ;; The second value of a pair is the upper half of a byte.
      (local.set $w (v128.or (local.get $w) (i32x4.shr_u (local.get $w) (i32.const 12))))
      (v128.store32_lane 0 (local.get $to)
        (i8x16.shuffle 0 4 8 12 0 4 8 12 0 4 8 12 0 4 8 12 (local.get $w) (local.get $w)))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 32)))
      (br_if $values (i32.lt_u (local.get $from) (local.get $end)))))

  (func $exact8 (param $from i32) (param $inverse v128) (param $to i32)
    (local $end i32) (local $w v128)
    (local.set $end (i32.add (local.get $from) (i32.const 128)))
    (loop $values
      (local.set $w
        (v128.and
          (i16x8.min_s
            (i16x8.narrow_i32x4_s
              (call $levels (v128.load (local.get $from)) (local.get $inverse)
                (v128.const f64x2 128.5 128.5))
              (call $levels (v128.load offset=16 (local.get $from)) (local.get $inverse)
                (v128.const f64x2 128.5 128.5)))
            (v128.const i16x8 255 255 255 255 255 255 255 255))
          (v128.const i16x8 255 255 255 255 255 255 255 255)))
      (v128.store64_lane 0 (local.get $to) (i8x16.narrow_i16x8_u (local.get $w) (local.get $w)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 32)))
      (br_if $values (i32.lt_u (local.get $from) (local.get $end)))))

  ;; Quantizes float32 to 4 bits. `inverses` are of float64, one of each block. Quotients of float32
  ;; are off by less than 2^-18; a block with one that is so near to the next level is done again.
  (func (export "pack4") (param $from i32) (param $count i32) (param $inverses i32) (param $to i32)
    (local $end i32) (local $blockEnd i32) (local $at i32)
    (local $inverse v128) (local $a v128) (local $b v128) (local $near v128)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $inverse (f32x4.splat (f32.demote_f64 (f64.load (local.get $inverses)))))
        (local.set $blockEnd (i32.add (local.get $from) (i32.const 128)))
        (local.set $at (local.get $to))
        ;; 1, or 0 where float32 has too few bits for the factor.
        (local.set $near
          (v128.and
            (v128.and
              (f32x4.lt (f32x4.abs (local.get $inverse)) (v128.const f32x4 0x1p99 0x1p99 0x1p99 0x1p99))
              (f32x4.gt (f32x4.abs (local.get $inverse))
                (v128.const f32x4 0x1p-99 0x1p-99 0x1p-99 0x1p-99)))
            (v128.const f32x4 1 1 1 1)))
        (loop $values
          ;; The sum with 1.5 * 2^23 has the integer in its lower bits.
          (local.set $a
            (f32x4.pmin (v128.const f32x4 15.5 15.5 15.5 15.5)
              (f32x4.add
                (f32x4.mul (v128.load (local.get $from)) (local.get $inverse))
                (v128.const f32x4 8.5 8.5 8.5 8.5))))
          (local.set $near
            (f32x4.pmin (local.get $near)
              (f32x4.abs (f32x4.sub (local.get $a) (f32x4.nearest (local.get $a))))))
          (local.set $a
            (f32x4.add (f32x4.trunc (local.get $a)) (v128.const f32x4 12582912 12582912 12582912 12582912)))
          (local.set $b
            (f32x4.pmin (v128.const f32x4 15.5 15.5 15.5 15.5)
              (f32x4.add
                (f32x4.mul (v128.load offset=16 (local.get $from)) (local.get $inverse))
                (v128.const f32x4 8.5 8.5 8.5 8.5))))
          (local.set $near
            (f32x4.pmin (local.get $near)
              (f32x4.abs (f32x4.sub (local.get $b) (f32x4.nearest (local.get $b))))))
          (local.set $b
            (f32x4.add (f32x4.trunc (local.get $b)) (v128.const f32x4 12582912 12582912 12582912 12582912)))
          (local.set $a
            (i16x8.narrow_i32x4_u
              (v128.and (local.get $a) (v128.const i32x4 255 255 255 255))
              (v128.and (local.get $b) (v128.const i32x4 255 255 255 255))))
          ;; The second value of a pair is the upper half of a byte.
          (local.set $a (v128.or (local.get $a) (i32x4.shr_u (local.get $a) (i32.const 12))))
          (v128.store32_lane 0 (local.get $at)
            (i8x16.shuffle 0 4 8 12 0 4 8 12 0 4 8 12 0 4 8 12 (local.get $a) (local.get $a)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $from (i32.add (local.get $from) (i32.const 32)))
          (br_if $values (i32.lt_u (local.get $from) (local.get $blockEnd))))
        (if
          (v128.any_true
            (f32x4.lt (local.get $near) (v128.const f32x4 0x1p-16 0x1p-16 0x1p-16 0x1p-16)))
          (then
            (call $exact4
              (i32.sub (local.get $blockEnd) (i32.const 128))
              (v128.load64_splat (local.get $inverses))
              (local.get $to))))
        (local.set $inverses (i32.add (local.get $inverses) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $blocks))))

  ;; The same to 8 bits; quotients are off by less than 2^-14.
  (func (export "pack8") (param $from i32) (param $count i32) (param $inverses i32) (param $to i32)
    (local $end i32) (local $blockEnd i32) (local $at i32)
    (local $inverse v128) (local $a v128) (local $b v128) (local $near v128)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $inverse (f32x4.splat (f32.demote_f64 (f64.load (local.get $inverses)))))
        (local.set $blockEnd (i32.add (local.get $from) (i32.const 128)))
        (local.set $at (local.get $to))
        ;; 1, or 0 where float32 has too few bits for the factor.
        (local.set $near
          (v128.and
            (v128.and
              (f32x4.lt (f32x4.abs (local.get $inverse)) (v128.const f32x4 0x1p99 0x1p99 0x1p99 0x1p99))
              (f32x4.gt (f32x4.abs (local.get $inverse))
                (v128.const f32x4 0x1p-99 0x1p-99 0x1p-99 0x1p-99)))
            (v128.const f32x4 1 1 1 1)))
        (loop $values
          ;; The sum with 1.5 * 2^23 has the integer in its lower bits.
          (local.set $a
            (f32x4.pmin (v128.const f32x4 255.5 255.5 255.5 255.5)
              (f32x4.add
                (f32x4.mul (v128.load (local.get $from)) (local.get $inverse))
                (v128.const f32x4 128.5 128.5 128.5 128.5))))
          (local.set $near
            (f32x4.pmin (local.get $near)
              (f32x4.abs (f32x4.sub (local.get $a) (f32x4.nearest (local.get $a))))))
          (local.set $a
            (f32x4.add (f32x4.trunc (local.get $a)) (v128.const f32x4 12582912 12582912 12582912 12582912)))
          (local.set $b
            (f32x4.pmin (v128.const f32x4 255.5 255.5 255.5 255.5)
              (f32x4.add
                (f32x4.mul (v128.load offset=16 (local.get $from)) (local.get $inverse))
                (v128.const f32x4 128.5 128.5 128.5 128.5))))
          (local.set $near
            (f32x4.pmin (local.get $near)
              (f32x4.abs (f32x4.sub (local.get $b) (f32x4.nearest (local.get $b))))))
          (local.set $b
            (f32x4.add (f32x4.trunc (local.get $b)) (v128.const f32x4 12582912 12582912 12582912 12582912)))
          (v128.store64_lane 0 (local.get $at)
            (i8x16.shuffle 0 4 8 12 16 20 24 28 0 4 8 12 16 20 24 28
              (local.get $a) (local.get $b)))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set $from (i32.add (local.get $from) (i32.const 32)))
          (br_if $values (i32.lt_u (local.get $from) (local.get $blockEnd))))
        (if
          (v128.any_true
            (f32x4.lt (local.get $near) (v128.const f32x4 0x1p-12 0x1p-12 0x1p-12 0x1p-12)))
          (then
            (call $exact8
              (i32.sub (local.get $blockEnd) (i32.const 128))
              (v128.load64_splat (local.get $inverses))
              (local.get $to))))
        (local.set $inverses (i32.add (local.get $inverses) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 32)))
        (br $blocks)))))
