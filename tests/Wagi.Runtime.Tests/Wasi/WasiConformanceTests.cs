namespace Wagi.Runtime.Tests.Wasi;

/// <summary>
/// Every function of preview 1, on both ways that a module may be run, without volumes and with, and with Wasmtime's own WASI alone: a
/// guest must not see a difference.
/// </summary>
public class WasiConformanceTests
{
    public static TheoryData<string, string> Cases { get; } = new()
    {
        { "args", "(call $put (call $args_sizes_get (i32.const 2048) (i32.const 2052))) (call $put (call $args_get (i32.const 2056) (i32.const 2100)))" },
        { "args: pointer out of bounds", "(call $put (call $args_get (i32.const 2056) (i32.const 131070)))" },
        { "args: table out of bounds", "(call $put (call $args_get (i32.const 131068) (i32.const 2100)))" },
        { "args: table misaligned", "(call $put (call $args_get (i32.const 2057) (i32.const 2100)))" },
        { "args sizes: pointer out of bounds", "(call $put (call $args_sizes_get (i32.const -4) (i32.const 2052)))" },
        { "environ", "(call $put (call $environ_sizes_get (i32.const 2048) (i32.const 2052))) (call $put (call $environ_get (i32.const 2056) (i32.const 2100)))" },
        { "environ: pointer out of bounds", "(call $put (call $environ_get (i32.const 2056) (i32.const -1)))" },
        { "clock_res_get: unknown clocks", "(call $put (call $clock_res_get (i32.const 2) (i32.const 4096))) (call $put (call $clock_res_get (i32.const 3) (i32.const 4096))) (call $put (call $clock_res_get (i32.const 4) (i32.const 4096))) (call $put (call $clock_res_get (i32.const -1) (i32.const 4096)))" },
        { "clock_res_get: known clocks", "(call $put (call $clock_res_get (i32.const 0) (i32.const 4096))) (call $put (call $clock_res_get (i32.const 1) (i32.const 4096)))" },
        { "clock_res_get: pointer out of bounds", "(call $put (call $clock_res_get (i32.const 0) (i32.const 131072)))" },
        { "clock_time_get", "(call $put (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 4096))) (call $put (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 4096))) (call $put (i64.ne (i64.load (i32.const 4096)) (i64.const 0)))" },
        { "clock_time_get: the clock goes on", "(call $put (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 4096))) (local.set $t (i64.load (i32.const 4096))) (call $put (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 4096))) (call $put (i64.ge_u (i64.load (i32.const 4096)) (local.get $t)))" },
        { "clock_time_get: it is after 2020", "(call $put (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 4096))) (call $put (i64.gt_u (i64.load (i32.const 4096)) (i64.const 1577836800000000000)))" },
        { "clock_time_get: unknown clocks", "(call $put (call $clock_time_get (i32.const 2) (i64.const 0) (i32.const 4096))) (call $put (call $clock_time_get (i32.const 3) (i64.const 0) (i32.const 4096))) (call $put (call $clock_time_get (i32.const 9) (i64.const 0) (i32.const 4096)))" },
        { "clock_time_get: misaligned", "(call $put (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 4097)))" },
        { "random_get", "(call $put (call $random_get (i32.const 4096) (i32.const 64))) (call $put (i64.ne (i64.load (i32.const 4096)) (i64.load (i32.const 4104)))) (call $put (call $random_get (i32.const 4096) (i32.const 0)))" },
        { "random_get: out of bounds", "(call $put (call $random_get (i32.const 131000) (i32.const 100)))" },
        { "sched_yield", "(call $put (call $sched_yield))" },
        { "proc_exit 0", "(call $show) (call $proc_exit (i32.const 0))" },
        { "proc_exit 1", "(call $show) (call $proc_exit (i32.const 1))" },
        { "proc_exit 125", "(call $proc_exit (i32.const 125))" },
        { "proc_raise", "(call $put (call $proc_raise (i32.const 0))) (call $put (call $proc_raise (i32.const 6))) (call $put (call $proc_raise (i32.const 30))) (call $put (call $proc_raise (i32.const 31)))" },
        { "unreachable", "unreachable" },

        { "fd_read", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 5)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2056))) (call $iovec (i32.const 32) (i32.const 2064) (i32.const 100)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2060))) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2240)))" },
        { "fd_read: empty buffers before", "(call $iovec (i32.const 32) (i32.const 0) (i32.const 0)) (call $iovec (i32.const 40) (i32.const 2048) (i32.const 5)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 2) (i32.const 2056)))" },
        { "fd_read: other descriptors", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 5)) (call $put (call $fd_read (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2056))) (call $put (call $fd_read (i32.const 2) (i32.const 32) (i32.const 1) (i32.const 2056))) (call $put (call $fd_read (i32.const 3) (i32.const 32) (i32.const 1) (i32.const 2056))) (call $put (call $fd_read (i32.const -1) (i32.const 32) (i32.const 1) (i32.const 2056)))" },
        { "fd_read: buffer out of bounds", "(call $iovec (i32.const 32) (i32.const 131070) (i32.const 5)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2056)))" },
        { "fd_read: list out of bounds", "(call $put (call $fd_read (i32.const 0) (i32.const 131068) (i32.const 1) (i32.const 2056)))" },
        { "fd_read: list misaligned", "(call $put (call $fd_read (i32.const 0) (i32.const 33) (i32.const 1) (i32.const 2056)))" },
        { "fd_read: huge list", "(call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 0x7fffffff) (i32.const 2056)))" },
        { "fd_read: a list longer than the memory", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 0)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 20000) (i32.const 2056)))" },
        { "fd_read: huge buffer", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 0x7fffffff)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2056)))" },
        { "fd_read: result out of bounds", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 5)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const -8)))" },
        { "fd_write: result misaligned", "(call $iovec (i32.const 32) (i32.const 3072) (i32.const 4)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2049)))" },
        { "fd_write", "(call $iovec (i32.const 32) (i32.const 3072) (i32.const 4)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2048))) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2052)))" },
        { "fd_write: empty buffers before", "(call $iovec (i32.const 32) (i32.const -1) (i32.const 0)) (call $iovec (i32.const 40) (i32.const 3072) (i32.const 6)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 2) (i32.const 2048)))" },
        { "fd_write: nothing", "(call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 0) (i32.const 2048)))" },
        { "fd_write: other descriptors", "(call $iovec (i32.const 32) (i32.const 3072) (i32.const 4)) (call $put (call $fd_write (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2048))) (call $put (call $fd_write (i32.const 3) (i32.const 32) (i32.const 1) (i32.const 2048))) (call $put (call $fd_write (i32.const 4000000000) (i32.const 32) (i32.const 1) (i32.const 2048)))" },
        { "fd_write: buffer out of bounds", "(call $iovec (i32.const 32) (i32.const 131000) (i32.const 200)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2048)))" },
        { "fd_write: buffer that wraps", "(call $iovec (i32.const 32) (i32.const -8) (i32.const 200)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2048)))" },
        { "fd_write: list out of bounds on a closed descriptor", "(call $put (call $fd_write (i32.const 9) (i32.const -8) (i32.const 1) (i32.const 2048)))" },
        { "fd_write: huge list", "(call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const -1) (i32.const 2048)))" },
        { "fd_pread", "(call $iovec (i32.const 32) (i32.const 2048) (i32.const 5)) (call $put (call $fd_pread (i32.const 0) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056))) (call $put (call $fd_pread (i32.const 1) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056))) (call $put (call $fd_pread (i32.const 5) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056)))" },
        { "fd_pwrite", "(call $iovec (i32.const 32) (i32.const 3072) (i32.const 4)) (call $put (call $fd_pwrite (i32.const 0) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056))) (call $put (call $fd_pwrite (i32.const 1) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056))) (call $put (call $fd_pwrite (i32.const 5) (i32.const 32) (i32.const 1) (i64.const 0) (i32.const 2056)))" },
        { "fd_close", "(call $put (call $fd_close (i32.const 0))) (call $put (call $fd_close (i32.const 0))) (call $put (call $fd_close (i32.const 3))) (call $iovec (i32.const 32) (i32.const 2048) (i32.const 5)) (call $put (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2056)))" },
        { "fd_close: stdout", "(call $put (call $fd_close (i32.const 1))) (call $iovec (i32.const 32) (i32.const 3072) (i32.const 4)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2048))) (call $put (call $fd_fdstat_get (i32.const 1) (i32.const 2048))) (call $put (call $fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 2048)))" },
        { "fd_renumber", "(call $put (call $fd_renumber (i32.const 2) (i32.const 1))) (call $put (call $fd_renumber (i32.const 2) (i32.const 1))) (call $put (call $fd_renumber (i32.const 1) (i32.const 1))) (call $put (call $fd_renumber (i32.const 0) (i32.const 7))) (call $iovec (i32.const 32) (i32.const 1024) (i32.const 64)) (call $put (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 2048)))" },
        { "fd_fdstat_get", "(call $put (call $fd_fdstat_get (i32.const 0) (i32.const 2048))) (call $put (call $fd_fdstat_get (i32.const 1) (i32.const 2072))) (call $put (call $fd_fdstat_get (i32.const 2) (i32.const 2096))) (call $put (call $fd_fdstat_get (i32.const 3) (i32.const 2120)))" },
        { "fd_fdstat_get: out of bounds", "(call $put (call $fd_fdstat_get (i32.const 0) (i32.const 131064)))" },
        { "fd_fdstat_set_flags", "(call $put (call $fd_fdstat_set_flags (i32.const 0) (i32.const 0))) (call $put (call $fd_fdstat_set_flags (i32.const 1) (i32.const 4))) (call $put (call $fd_fdstat_set_flags (i32.const 9) (i32.const 0))) (call $put (call $fd_fdstat_set_flags (i32.const 1) (i32.const 32)))" },
        { "fd_fdstat_set_rights", "(call $put (call $fd_fdstat_set_rights (i32.const 0) (i64.const 2) (i64.const 2))) (call $put (call $fd_fdstat_set_rights (i32.const 9) (i64.const 0) (i64.const 0))) (call $put (call $fd_fdstat_set_rights (i32.const 0) (i64.const -1) (i64.const 0)))" },
        { "fd_filestat_get", "(i64.store (i32.const 2048) (i64.const -1)) (call $put (call $fd_filestat_get (i32.const 0) (i32.const 2048))) (call $put (call $fd_filestat_get (i32.const 1) (i32.const 2112))) (call $put (call $fd_filestat_get (i32.const 3) (i32.const 2176)))" },
        { "fd_filestat_set", "(call $put (call $fd_filestat_set_size (i32.const 1) (i64.const 0))) (call $put (call $fd_filestat_set_size (i32.const 9) (i64.const 0))) (call $put (call $fd_filestat_set_times (i32.const 1) (i64.const 0) (i64.const 0) (i32.const 0))) (call $put (call $fd_filestat_set_times (i32.const 1) (i64.const 0) (i64.const 0) (i32.const 3))) (call $put (call $fd_filestat_set_times (i32.const 9) (i64.const 0) (i64.const 0) (i32.const 12))) (call $put (call $fd_filestat_set_times (i32.const 1) (i64.const 0) (i64.const 0) (i32.const 16)))" },
        { "fd_seek and fd_tell", "(call $put (call $fd_seek (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $fd_seek (i32.const 1) (i64.const 0) (i32.const 1) (i32.const 2048))) (call $put (call $fd_seek (i32.const 5) (i64.const 0) (i32.const 2) (i32.const 2048))) (call $put (call $fd_seek (i32.const 1) (i64.const 0) (i32.const 3) (i32.const 2048))) (call $put (call $fd_tell (i32.const 0) (i32.const 2048))) (call $put (call $fd_tell (i32.const 7) (i32.const 2048)))" },
        { "fd_advise and fd_allocate", "(call $put (call $fd_advise (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0))) (call $put (call $fd_advise (i32.const 9) (i64.const 0) (i64.const 0) (i32.const 5))) (call $put (call $fd_advise (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 6))) (call $put (call $fd_allocate (i32.const 1) (i64.const 0) (i64.const 1))) (call $put (call $fd_allocate (i32.const 9) (i64.const 0) (i64.const 1)))" },
        { "fd_sync and fd_datasync", "(call $put (call $fd_sync (i32.const 1))) (call $put (call $fd_sync (i32.const 9))) (call $put (call $fd_datasync (i32.const 1))) (call $put (call $fd_datasync (i32.const 9)))" },
        { "fd_prestat", "(call $put (call $fd_prestat_get (i32.const 0) (i32.const 2048))) (call $put (call $fd_prestat_get (i32.const 3) (i32.const 2048))) (call $put (call $fd_prestat_dir_name (i32.const 0) (i32.const 2048) (i32.const 10))) (call $put (call $fd_prestat_dir_name (i32.const 3) (i32.const 2048) (i32.const 10))) (call $put (call $fd_prestat_get (i32.const 3) (i32.const -4)))" },
        { "fd_readdir", "(call $put (call $fd_readdir (i32.const 0) (i32.const 2048) (i32.const 10) (i64.const 0) (i32.const 2072))) (call $put (call $fd_readdir (i32.const 3) (i32.const 2048) (i32.const 10) (i64.const 0) (i32.const 2072)))" },

        { "path_create_directory", "(call $put (call $path_create_directory (i32.const 0) (i32.const 3072) (i32.const 4))) (call $put (call $path_create_directory (i32.const 3) (i32.const 3072) (i32.const 4))) (call $put (call $path_create_directory (i32.const 3) (i32.const -1) (i32.const 4)))" },
        { "path_filestat_get", "(call $put (call $path_filestat_get (i32.const 3) (i32.const 1) (i32.const 3072) (i32.const 4) (i32.const 2048))) (call $put (call $path_filestat_get (i32.const 1) (i32.const 2) (i32.const 3072) (i32.const 4) (i32.const 2048)))" },
        { "path_filestat_set_times", "(call $put (call $path_filestat_set_times (i32.const 3) (i32.const 1) (i32.const 3072) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 1))) (call $put (call $path_filestat_set_times (i32.const 3) (i32.const 1) (i32.const 3072) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 3))) (call $put (call $path_filestat_set_times (i32.const 3) (i32.const 4) (i32.const 3072) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 0)))" },
        { "path_link", "(call $put (call $path_link (i32.const 3) (i32.const 0) (i32.const 3072) (i32.const 4) (i32.const 3) (i32.const 3072) (i32.const 4))) (call $put (call $path_link (i32.const 3) (i32.const 2) (i32.const 3072) (i32.const 4) (i32.const 3) (i32.const 3072) (i32.const 4)))" },
        { "path_open", "(call $put (call $path_open (i32.const 3) (i32.const 1) (i32.const 3072) (i32.const 4) (i32.const 1) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $path_open (i32.const 0) (i32.const 0) (i32.const 3072) (i32.const 4) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 2048)))" },
        { "path_open: bad flags", "(call $put (call $path_open (i32.const 3) (i32.const 2) (i32.const 3072) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $path_open (i32.const 3) (i32.const 0) (i32.const 3072) (i32.const 4) (i32.const 16) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $path_open (i32.const 3) (i32.const 0) (i32.const 3072) (i32.const 4) (i32.const 0) (i64.const -1) (i64.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $path_open (i32.const 3) (i32.const 0) (i32.const 3072) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 32) (i32.const 2048)))" },
        { "path_open: not UTF-8", "(call $put (call $path_open (i32.const 3) (i32.const 0) (i32.const 3076) (i32.const 3) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048)))" },
        { "path_open: out of bounds", "(call $put (call $path_open (i32.const 3) (i32.const 0) (i32.const 131070) (i32.const 4) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048)))" },
        { "path_readlink", "(call $put (call $path_readlink (i32.const 3) (i32.const 3072) (i32.const 4) (i32.const 2048) (i32.const 10) (i32.const 2072)))" },
        { "path_remove and path_unlink", "(call $put (call $path_remove_directory (i32.const 3) (i32.const 3072) (i32.const 4))) (call $put (call $path_unlink_file (i32.const 3) (i32.const 3072) (i32.const 4))) (call $put (call $path_unlink_file (i32.const 1) (i32.const 3072) (i32.const 4)))" },
        { "path_rename", "(call $put (call $path_rename (i32.const 3) (i32.const 3072) (i32.const 4) (i32.const 3) (i32.const 3072) (i32.const 4)))" },
        { "path_symlink", "(call $put (call $path_symlink (i32.const 3072) (i32.const 4) (i32.const 3) (i32.const 3072) (i32.const 4)))" },

        { "poll_oneoff: nothing", "(call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 0) (i32.const 2304)))" },
        { "poll_oneoff: sleep", "(call $clock (i32.const 4096) (i64.const 77) (i32.const 1) (i64.const 2000000) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 5000) (i32.const 1) (i32.const 2304))) (call $put (i32.load (i32.const 5000))) (call $put (i32.load (i32.const 5008)))" },
        { "poll_oneoff: absolute monotonic", "(call $put (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 4200))) (call $clock (i32.const 4096) (i64.const 5) (i32.const 1) (i64.add (i64.load (i32.const 4200)) (i64.const 3000000)) (i32.const 1)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304))) (local.set $t (i64.load (i32.const 4200))) (call $put (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 4200))) (call $put (i64.ge_u (i64.sub (i64.load (i32.const 4200)) (local.get $t)) (i64.const 3000000)))" },
        { "poll_oneoff: absolute, long ago", "(call $clock (i32.const 4096) (i64.const 5) (i32.const 0) (i64.const 1) (i32.const 1)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: stdin", "(call $fd (i32.const 4096) (i64.const 9) (i32.const 1) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: stdout and stderr", "(call $fd (i32.const 4096) (i64.const 8) (i32.const 2) (i32.const 1)) (call $fd (i32.const 4144) (i64.const 9) (i32.const 2) (i32.const 2)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 2) (i32.const 2304)))" },
        { "poll_oneoff: a clock far away and stdin", "(call $clock (i32.const 4096) (i64.const 77) (i32.const 1) (i64.const 60000000000) (i32.const 0)) (call $fd (i32.const 4144) (i64.const 9) (i32.const 1) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 2) (i32.const 2304)))" },
        { "poll_oneoff: a near clock and a far one", "(call $clock (i32.const 4096) (i64.const 77) (i32.const 1) (i64.const 60000000000) (i32.const 0)) (call $clock (i32.const 4144) (i64.const 78) (i32.const 0) (i64.const 1000000) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 2) (i32.const 2304)))" },
        { "poll_oneoff: wrong descriptors", "(call $fd (i32.const 4096) (i64.const 9) (i32.const 1) (i32.const 1)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304))) (call $fd (i32.const 4096) (i64.const 9) (i32.const 2) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304))) (call $fd (i32.const 4096) (i64.const 9) (i32.const 1) (i32.const 3)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: wrong clocks", "(call $clock (i32.const 4096) (i64.const 1) (i32.const 2) (i64.const 0) (i32.const 1)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304))) (call $clock (i32.const 4096) (i64.const 1) (i32.const 9) (i64.const 0) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304))) (call $clock (i32.const 4096) (i64.const 1) (i32.const 1) (i64.const 0) (i32.const 2)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: wrong tag", "(call $fd (i32.const 4096) (i64.const 9) (i32.const 3) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: subscriptions out of bounds", "(call $put (call $poll_oneoff (i32.const 131040) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: subscriptions misaligned", "(call $put (call $poll_oneoff (i32.const 4097) (i32.const 2048) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: events out of bounds", "(call $fd (i32.const 4096) (i64.const 9) (i32.const 1) (i32.const 0)) (call $put (call $poll_oneoff (i32.const 4096) (i32.const 131064) (i32.const 1) (i32.const 2304)))" },
        { "poll_oneoff: huge list", "(call $put (call $poll_oneoff (i32.const 4096) (i32.const 2048) (i32.const -1) (i32.const 2304)))" },

        { "sock", "(call $put (call $sock_accept (i32.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $sock_accept (i32.const 9) (i32.const 0) (i32.const 2048))) (call $put (call $sock_accept (i32.const 0) (i32.const 32) (i32.const 2048))) (call $put (call $sock_recv (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 2056))) (call $put (call $sock_recv (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 4) (i32.const 2048) (i32.const 2056))) (call $put (call $sock_send (i32.const 1) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 2048))) (call $put (call $sock_send (i32.const 1) (i32.const 32) (i32.const 0) (i32.const 1) (i32.const 2048))) (call $put (call $sock_shutdown (i32.const 1) (i32.const 1))) (call $put (call $sock_shutdown (i32.const 9) (i32.const 1))) (call $put (call $sock_shutdown (i32.const 1) (i32.const 4)))" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void ModuleWithoutVolumes_Sees_WhatWasmtimeShows(string name, string body)
    {
        _ = name;
        var wat = WasiCase.Module(body);
        AssertSame(WasiRunner.RunWasmtime(wat), WasiRunner.RunOwn(wat));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ModuleWithVolumes_Sees_WhatWasmtimeShows(string name, string body)
    {
        _ = name;
        var wat = WasiCase.Module(body);
        AssertSame(WasiRunner.RunWasmtime(wat), WasiRunner.RunWithFiles(wat));
    }

    private static void AssertSame(WasiResult expected, WasiResult actual)
    {
        Assert.Equal(expected.End, actual.End);
        Assert.Equal(expected.Stdout, actual.Stdout);
        Assert.Equal(expected.Results, actual.Results);
        Assert.Equal(expected.Stderr, actual.Stderr);
    }
}
