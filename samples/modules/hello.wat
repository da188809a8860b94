;; The smallest handler: write the header block, an empty line and the body to standard output.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovecs i32) (param $count i32) (param $written i32) (result i32)))

  (memory (export "memory") 1)

  ;; One iovec at address 0: where the text begins and how long it is.
  (data (i32.const 0) "\10\00\00\00\33\00\00\00")
  ;; The text at address 16, 51 bytes.
  (data (i32.const 16) "Content-Type: text/plain\n\nHello, world (version 1)\n")

  (func (export "_start")
    ;; fd 1 is standard output; the number of bytes written goes to address 8.
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
