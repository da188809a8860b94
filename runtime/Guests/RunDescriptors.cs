namespace Wagi.Runtime.Guests;

/// <summary>Which of the standard streams a descriptor leads to; closed when none.</summary>
internal enum StdioDescriptor : byte
{
    Closed,
    Stdin,
    Stdout,
    Stderr,
}

/// <summary>Which descriptors of one run lead to its standard streams: 0, 1 and 2, until a guest with files renumbers them.</summary>
internal struct RunDescriptors
{
    private StdioDescriptor _fd0;
    private StdioDescriptor _fd1;
    private StdioDescriptor _fd2;
    private Dictionary<uint, StdioDescriptor>? _moved;

    /// <summary>As every guest finds them.</summary>
    public static RunDescriptors Standard => new()
    {
        _fd0 = StdioDescriptor.Stdin,
        _fd1 = StdioDescriptor.Stdout,
        _fd2 = StdioDescriptor.Stderr,
    };

    public StdioDescriptor this[uint fd]
    {
        readonly get => fd switch { 0 => _fd0, 1 => _fd1, 2 => _fd2, _ => _moved?.GetValueOrDefault(fd) ?? StdioDescriptor.Closed };
        set
        {
            switch (fd)
            {
                case 0: _fd0 = value; break;
                case 1: _fd1 = value; break;
                case 2: _fd2 = value; break;
                default:
                    if (_moved is not null || value != StdioDescriptor.Closed)
                    {
                        (_moved ??= [])[fd] = value;
                    }

                    break;
            }
        }
    }
}
