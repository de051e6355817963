-- Makes wrk send a POST with a body of 2048 bytes: the workload of the post-2k case.
wrk.method = "POST"
wrk.path = "/post"
wrk.body = string.rep("x", 2048)
wrk.headers["Content-Type"] = "application/octet-stream"
