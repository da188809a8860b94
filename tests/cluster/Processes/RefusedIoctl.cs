using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Wagi.TestCluster.Processes;

/// <summary>
/// A kernel that knows one command of ioctl(2) less, for some processes: a filter of seccomp(2) answers it with ENOTTY, as older kernels do. The
/// program of this project sets the filter and turns into the process that is started (<see cref="Command"/>), whose children inherit it.
/// </summary>
public static unsafe partial class RefusedIoctl
{
    /// <summary>What the program is asked with.</summary>
    internal const string Verb = "refuse-ioctl";

    /// <summary><c>PAGEMAP_SCAN</c> of linux/fs.h.</summary>
    public const uint PagemapScan = 0xC060_6610;

    private const int NoNewPrivileges = 38; // PR_SET_NO_NEW_PRIVS
    private const int Seccomp = 22; // PR_SET_SECCOMP
    private const int SeccompFilter = 2; // SECCOMP_MODE_FILTER

    private const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K
    private const uint Allow = 0x7fff_0000; // SECCOMP_RET_ALLOW
    private const uint FailWithNotTty = 0x0005_0000 | 25; // SECCOMP_RET_ERRNO | ENOTTY

    // struct seccomp_data.
    private const uint OffsetOfCall = 0;
    private const uint OffsetOfArchitecture = 4;
    private const uint OffsetOfSecondArgument = 24;

    /// <summary>Why no command can be refused here; null: it can.</summary>
    public static string? WhyMissing => TestTools.WhyNoProcess
        ?? (!OperatingSystem.IsLinux() ? "seccomp is Linux's" : Machine is null ? $"there is no filter for {RuntimeInformation.ProcessArchitecture}" : null);

    /// <summary>What to put before a program and its arguments, the program with its path.</summary>
    /// <param name="command">The command that the kernel does not know.</param>
    public static IReadOnlyList<string> Command(uint command) => [Path.Combine(AppContext.BaseDirectory, "wagi-test-cluster"), Verb, $"{command}"];

    /// <summary>AUDIT_ARCH_… of linux/audit.h, and the number of ioctl.</summary>
    private static (uint Architecture, uint Ioctl)? Machine => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (0xC000_003E, 16),
        Architecture.Arm64 => (0xC000_00B7, 29),
        _ => null,
    };

    /// <summary>Turns this process into another one to which the kernel refuses the command. Does not return.</summary>
    /// <exception cref="Win32Exception">The kernel takes no filter, or there is no such program.</exception>
    internal static void Become(uint command, IReadOnlyList<string> program)
    {
        var (architecture, ioctl) = Machine ?? throw new PlatformNotSupportedException(WhyMissing);
        ReadOnlySpan<Instruction> filter =
        [
            new(LoadWord, 0, 0, OffsetOfArchitecture),
            new(JumpIfEqual, 0, 5, architecture),
            new(LoadWord, 0, 0, OffsetOfCall),
            new(JumpIfEqual, 0, 3, ioctl),
            new(LoadWord, 0, 0, OffsetOfSecondArgument), // The lower half, and all that the kernel looks at.
            new(JumpIfEqual, 0, 1, command),
            new(Return, 0, 0, FailWithNotTty),
            new(Return, 0, 0, Allow),
        ];
        fixed (Instruction* instructions = filter)
        {
            // The filter is this thread's, and only what the thread turns into has it: so nothing may come between.
            var code = new FilterProgram { Length = (ushort)filter.Length, Instructions = instructions };
            if (Control(NoNewPrivileges, 1, null) != 0 || Control(Seccomp, SeccompFilter, &code) != 0)
            {
                throw new Win32Exception();
            }
        }

        Execute(program[0], [.. program, null]);
        throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint value, FilterProgram* program, nuint unused = 0, nuint unusedToo = 0);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);

    /// <summary><c>struct sock_filter</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
