namespace Wagi.Operator.Controllers;

/// <summary>What a watch reports (Kubernetes API concepts, "Efficient detection of changes").</summary>
internal enum WatchEventType
{
    /// <summary>The object is there now, or is another one than before: ADDED or MODIFIED.</summary>
    Stored,

    /// <summary>The object is gone.</summary>
    Deleted,

    /// <summary>No object: everything up to this resource version has been reported.</summary>
    Bookmark,
}
