-- Version 2: RDP. How a target secures its connection, and the Windows domain of an account.

ALTER TABLE asset ADD COLUMN security TEXT;        -- rdp: tls | nla; NULL for ssh
ALTER TABLE asset_account ADD COLUMN domain TEXT;  -- rdp: "CHU"; NULL: the machine's own account
-- asset_host_key.key also holds "x509-sha256 <64 hexadecimal digits>", the certificate of an RDP target.
-- window_function.function also holds desktop | clipboard_in | clipboard_out | sound.
-- secret.name also holds "rdp_certificate": the RDP door's key, its certificate chain in public.
