;; Returns the request's body byte for byte, in pieces of at most 64 KiB.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param $fd i32) (param $iovecs i32) (param $count i32) (param $read i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovecs i32) (param $count i32) (param $written i32) (result i32)))

  (memory (export "memory") 2)

  ;; Address 0: the iovec (where, how long) of every call below. Address 8: how many bytes it moved.
  ;; Address 16: the header block. Address 65536, the second page: the buffer.
  (data (i32.const 16) "Content-Type: application/octet-stream\n\n")

  ;; Writes everything: fd_write may take less than it is given.
  (func $write (param $from i32) (param $length i32)
    (loop $rest
      (i32.store (i32.const 0) (local.get $from))
      (i32.store (i32.const 4) (local.get $length))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (local.set $from (i32.add (local.get $from) (i32.load (i32.const 8))))
      (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
      (br_if $rest (local.get $length))))

  (func (export "_start")
    (call $write (i32.const 16) (i32.const 40))
    (loop $next
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 65536))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      ;; Zero bytes read are the end of the body.
      (if (i32.load (i32.const 8))
        (then
          (call $write (i32.const 65536) (i32.load (i32.const 8)))
          (br $next))))))
