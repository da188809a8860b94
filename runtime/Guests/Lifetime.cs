namespace Wagi.Runtime.Guests;

/// <summary>
/// Lets something be taken out of use while others still use it: it is released once its owner has ended it and the last user has left.
/// </summary>
/// <param name="release">Called once, by whoever is last.</param>
internal sealed class Lifetime(Action release)
{
    /// <summary>Users inside, plus one for the owner.</summary>
    private int _users = 1;
    private int _ended;

    /// <summary>Keeps it in use; false when it has been released already. Each success is followed by one <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        var users = Volatile.Read(ref _users);
        while (users > 0)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Ends what <see cref="TryEnter"/> began.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            release();
        }
    }

    /// <summary>The owner lets go. Calling it again changes nothing.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            Exit();
        }
    }
}
